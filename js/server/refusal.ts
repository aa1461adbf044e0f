/**
 * Refusals and failures: each becomes a response, `{ "error": { "code", "message" } }`, and each is told to the app.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";
import { callWasm, type ServerRefusal } from "../wasm/server.ts";
import { headersFor } from "./headers.ts";

/** `Retry-After` where a backend is away: seconds after which it is worth asking again. */
export const RETRY_AFTER = "5";

/** The names that an error is about; never a value. */
export interface ErrorNames {
  /** The target of a proxy. */
  target?: string | undefined;
  /** A cookie's name. */
  cookie?: string | undefined;
  /** The path of the request; what is not a plain word in it stands as `…`. */
  path?: string | undefined;
  /** What stands against it in the declaration, or what to do. */
  hint?: string | undefined;
}

/** An error as a handler answers with it. */
export interface ReportedError extends HttpOnlyError {
  /** The status of the response. */
  readonly status: number;
  /** What it is about. */
  readonly about: Readonly<ErrorNames>;
}

/** What {@link OnError} is given. */
export interface ErrorReport {
  /** Its `cause` is what was thrown, where the app or the upstream threw something. */
  error: ReportedError;
  request: Request;
}

/**
 * Is told of every refusal and failure of a handler. What it throws changes nothing.
 *
 * By default one line goes to the console: for what is the app's or the upstream's fault (a status of 500 and above), and
 * with `NODE_ENV=development` for everything. It holds names, and never a value.
 */
export type OnError = (report: ErrorReport) => unknown;

/** A handler inside {@link answering}: it throws what it refuses, and adds to `about` what it learns. */
type Inner = (request: Request, platform: unknown, about: ErrorNames) => Promise<Response>;

/** What {@link answering} is told of a handler. */
export interface Answering {
  /** The factory's name: `apiProxy`. */
  name: string;
  onError: OnError | undefined;
  /** What a refusal carries beside what all do. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** A handler that never rejects: whatever is thrown becomes a typed response, and is told. */
export function answering(
  { name, onError, headers }: Answering,
  inner: Inner,
): (request: Request, platform?: unknown) => Promise<Response> {
  return async (request, platform) => {
    const about: ErrorNames = {};
    try {
      return await inner(request, platform, about);
    } catch (thrown) {
      try {
        return respond(failureOf(thrown), about, request);
      } catch {
        // What was thrown cannot even be looked at.
        return respond({ error: refused("app-failed") }, about, request);
      }
    }
  };

  function respond(failure: Failure, about: ErrorNames, request: Request): Response {
    Object.assign(about, failure.names);
    about.path ??= pathOf(request);
    const error: ReportedError = Object.assign(failure.error, { about });
    report(name, onError, { error, request });
    return response(error, { ...headers, ...failure.headers });
  }
}

/** A refusal on its way to {@link answering}, with headers of its own. */
interface Failure {
  error: ServerRefusal;
  names?: ErrorNames | undefined;
  headers?: Record<string, string> | undefined;
}

const HEADERS = new WeakMap<object, Record<string, string>>();
const NAMES = new WeakMap<object, ErrorNames>();

/** Says what a refusal is about. */
export function withNames<T extends object>(thrown: T, names: ErrorNames): T {
  NAMES.set(thrown, names);
  return thrown;
}

/** Gives a refusal headers: `Allow`, say. */
export function withHeaders<T>(thrown: T, headers: Record<string, string>): T {
  if (typeof thrown === "object" && thrown !== null) HEADERS.set(thrown, headers);
  return thrown;
}

/** Says what was behind a refusal. */
export function withCause<T>(thrown: T, cause: unknown): T {
  if (thrown instanceof HttpOnlyError && thrown.cause === undefined)
    Object.defineProperty(thrown, "cause", { value: cause, configurable: true });
  return thrown;
}

/** What was thrown, as an error with a status. What is none of ours is the app's own: a function that it gave. */
function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof HttpOnlyError)) return { error: refused("app-failed", thrown) };
  // An app may throw one of its own.
  const status = (thrown as Partial<ServerRefusal>).status ?? callWasm((m) => m.statusOf(thrown.code));
  // A copy: whoever throws may keep his own, and may have frozen it.
  const copy = new HttpOnlyError(thrown.code, thrown.message, thrown.rule, thrown.cause);
  return { error: Object.assign(copy, { status }), headers: HEADERS.get(thrown), names: NAMES.get(thrown) };
}

/** What a handler refuses with after it has decided, by the names that src/wasm/server/proxy.rs knows. */
export type Broken =
  | "body-too-large"
  | "upstream-timeout"
  | "upstream-unreachable"
  | "upstream-invalid"
  | "client-gone"
  | "app-failed"
  | "backend-away";

/** The error for it. */
export function refused(why: Broken, cause?: unknown): ServerRefusal {
  try {
    callWasm((m) => m.refuse(why));
  } catch (thrown) {
    if (thrown instanceof HttpOnlyError) {
      if (cause !== undefined) Object.defineProperty(thrown, "cause", { value: cause, configurable: true });
      return thrown as ServerRefusal;
    }
    throw thrown;
  }
  throw new TypeError(why);
}

/** Answers with a refusal; what is none is thrown on. */
export function refusal(thrown: unknown, headers?: Record<string, string>): Response {
  if (!(thrown instanceof HttpOnlyError)) throw thrown;
  const { error } = failureOf(thrown);
  return response(error, headers);
}

/** Answers that a request broke off: the message and the status are those of the rule. */
export function broken(why: Broken): Response {
  return response(refused(why));
}

function response({ code, message, status }: ServerRefusal, headers?: Record<string, string>): Response {
  return Response.json(
    { error: { code, message } },
    { status, headers: { ...headersFor("refusal"), ...headers } },
  );
}

function pathOf(request: Request): string | undefined {
  try {
    const { pathname } = new URL(request.url);
    return callWasm((m) => m.plainPath(pathname));
  } catch {
    return undefined;
  }
}

const host = globalThis as { process?: { env?: Record<string, string | undefined> } };

/** Tells the app, or the console. */
export function report(name: string, onError: OnError | undefined, told: ErrorReport): void {
  try {
    if (onError) {
      // One that is async may reject.
      Promise.resolve(onError(told)).catch(() => {});
      return;
    }
    const { code, message, status, about, cause } = told.error;
    if (status < 500 && host.process?.env?.NODE_ENV !== "development") return;
    const names = Object.entries(about).filter(([, value]) => value !== undefined);
    const parts = names.map(([key, value]) => (key === "hint" ? value : `${key} ${JSON.stringify(value)}`));
    const why = nameOf(cause);
    if (why !== undefined) parts.push(`cause ${why}`);
    console.error(`httponly ${name}: ${code} (${status}): ${message}; ${parts.join(", ")}`);
  } catch {
    // Telling is no part of the answer.
  }
}

/** What an error is called, without its message, which may hold values. */
function nameOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return cause === undefined ? undefined : typeof cause;
  const inner = (cause.cause as { code?: unknown } | undefined)?.code;
  const code = (cause as { code?: unknown }).code ?? inner;
  return typeof code === "string" ? `${cause.name} ${code}` : cause.name;
}
