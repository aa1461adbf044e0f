/**
 * Guards: one table that says who may see which part of an app, for pages, their data, form actions and endpoints.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";
import type { GuardBinding as Binding, GuardVisitBinding as Place } from "../wasm/server.ts";
import { callWasm, type ServerRefusal, text } from "../wasm/server.ts";
import type { Session, SessionAnswer, User } from "./auth/types.ts";
import { headersFor, setHeaders } from "./headers.ts";
import { type Names, ownOptions } from "./options.ts";
import { RETRY_AFTER } from "./refusal.ts";

/**
 * Who may come in:
 *
 * - `public`: everybody
 * - `signed-in`: those who are signed in
 * - `signed-out`: those who are not; the others are led home, or where `?redirect=` says. For /login and /register
 * - an object: those who are signed in and fulfil all that it asks for
 */
export type Access = "public" | "signed-in" | "signed-out" | Requirement;

/** What an {@link Access} may ask of those who are signed in. */
export interface Requirement {
  /** One of these roles. */
  role?: string | readonly string[];
  /** A verified e-mail address. */
  emailVerified?: boolean;
  /**
   * Whatever else the session says of the user: guests, roles in an organization, a second factor. Only `true` lets in;
   * whatever else it returns, and what it throws, is a refusal. It is asked only about those who are signed in, and
   * answers at once.
   *
   * ```ts
   * { allow: ({ user }) => user?.twoFactorEnabled === true }
   * ```
   */
  allow?: (answer: AllowAnswer) => boolean;
}

/** A session's answer, with whatever members a backend's users and sessions have beside those that all have. */
export interface AllowAnswer extends SessionAnswer {
  user: (User & Record<string, unknown>) | null;
  session: (Session & Record<string, unknown>) | null;
}

/** Options of {@link guard}. Pages are local paths. */
export interface GuardOptions {
  /** Where one goes who is not signed in, with `?redirect=` behind it; default `/login`. */
  login?: string | undefined;
  /** Where one goes who is signed in already; default `/`. Like the other pages, it may be written without the app's base. */
  home?: string | undefined;
  /** Where one goes whose address is not verified; default `/verify`. */
  verify?: string | undefined;
  /** What has no rule; default `public`. */
  otherwise?: Access | undefined;
  /**
   * Calls whose page is their own claim: SvelteKit's remote functions, which anybody can call as if from any page, their
   * forms too.
   * Without this they have to fulfil every rule of the table. With `public`, each function looks at `locals` itself.
   */
  remote?: Access | undefined;
  /**
   * The page of a visit that ends here (403, 503), in place of the plain one of this library. Its status, `Set-Cookie`,
   * `Cache-Control` and `Retry-After` are the guard's; what is no page gets the error as JSON.
   */
  errorPage?: ErrorPage | undefined;
}

/** Makes the page of a visit that a guard refuses. */
export type ErrorPage = (refusal: GuardRefusal, request: Request) => Response | Promise<Response>;

/** Why a visit ends: the status of the response, and the typed error. */
export interface GuardRefusal {
  status: number;
  error: { code: string; message: string };
}

/** Where somebody comes to. */
export interface GuardVisit {
  /** Its method and headers tell whether it is a navigation. */
  request: Request;
  /** As the URL has it: percent-encoded, with the app's base. */
  path: string;
  /** With or without `?`. */
  search: string;
  /** SvelteKit's `event.route.id`, with the groups. */
  route?: string | null | undefined;
  /** SvelteKit's `event.params`. */
  params?: Readonly<Record<string, string | undefined>> | undefined;
  /** The path below which all of the app lies: SvelteKit's `paths.base`, Next's `basePath`. */
  base?: string | undefined;
  /** Next's rewrites, sources and destinations below the base: the page behind one is judged, too. */
  rewrites?: readonly (readonly [source: string, destination: string])[] | undefined;
  /** Whether a redirect leads a person somewhere, where the framework knows better than the headers. */
  page?: boolean | undefined;
  /** Whether path and route are the caller's claim: {@link GuardOptions.remote}. */
  remote?: boolean | undefined;
  /** `auth.basePath`: below it, `auth.handler` judges for itself, and whoever is to sign in reaches it. */
  basePath?: string | undefined;
  /** Who comes. */
  session: Pick<SessionAnswer, "status" | "user"> & Partial<SessionAnswer>;
}

/** What becomes of a visit: it goes on; it goes elsewhere, by 303; it ends here, with a status and a typed error. */
export type GuardVerdict =
  | { kind: "pass" }
  | { kind: "redirect"; location: string; page: boolean }
  | ({ kind: "refuse"; page: boolean } & GuardRefusal);

/** A table of access, made by {@link guard}. */
export interface Guard {
  /** Judges a visit. */
  decide(visit: GuardVisit): GuardVerdict;
  /**
   * Those keys that match none of an app's routes, written as SvelteKit's identifiers are. `handle` and `proxy` look for
   * such keys by themselves.
   *
   * @param known.groups false: the groups of some routes are not known, and a group that opens is not judged
   * @param known.optional false: a key that could only be an optional parameter (`/libary` in `/[[lang]]/library`) counts
   *   as one that matches none
   */
  unmatched(routes: readonly string[], known?: { groups?: boolean; optional?: boolean }): string[];
  /** As in {@link GuardOptions}. */
  errorPage?: ErrorPage | undefined;
}

/**
 * Makes a table of access, for `sessionHandle` of `httponly/sveltekit` and `sessionProxy` of `httponly/next`. Begin with a table that is
 * closed: what you forget to name is then for those who are signed in.
 *
 * A key is a path, which stands for all below it too, or a SvelteKit route group. The deepest rule counts. A path that can
 * be read in several ways (`/%73tudio`, `/Studio`, `/x%2F..%2Fstudio`) passes only if it passes in each, and so does the
 * page that a rewritten path leads to. Keys are no patterns: `/users` stands for `/users/[id]`, `/users/admin` for one of
 * its pages, and `/admin` for `/[[lang]]/admin` in each language. A base (`paths.base`, `basePath`) is no part of a key.
 *
 * Who is not signed in is led to the login page, and gets 401 where no page was asked for; who may not is told 403; and
 * while the backend is away, protected parts answer 503. A guest of Better Auth's anonymous plugin
 * (`user.isAnonymous`) is signed in, but for pages that are `signed-out`: there he may become somebody.
 *
 * A key that matches no route of the app throws in development, and is told on the console in production.
 *
 * @throws TypeError for a key that is neither (`/users/[id]`, `/studio/*`, `/(app)/library`), an access that is none, a page that is no local path
 * @example
 * ```ts
 * const rules = guard(
 *   {
 *     "(public)": "public",
 *     "/studio": { role: ["creator", "admin"] },
 *     "/members": { allow: ({ user }) => user?.isAnonymous !== true },
 *     "/login": "signed-out",
 *   },
 *   { otherwise: "signed-in" },
 * );
 * ```
 */
export function guard(table: Readonly<Record<string, Access>>, given: GuardOptions = {}): Guard {
  const options = ownOptions("guard", given, OPTIONS);
  if (typeof table !== "object" || table === null) throw new TypeError("the rules are an object");
  const predicates: Predicate[] = [];
  const numbered = (where: string, access: Access | undefined) => number(predicates, where, access);
  const binding: Binding = callWasm(
    (m) =>
      new m.Guard({
        rules: Object.entries(table).map(([key, access]) => [key, numbered(`of "${key}"`, access)]),
        otherwise: numbered("of otherwise", options.otherwise ?? "public"),
        remote: numbered("of remote", options.remote),
        login: text("login", options.login ?? "/login"),
        home: text("home", options.home ?? "/"),
        verify: text("verify", options.verify ?? "/verify"),
      }),
  );
  const { errorPage } = options;
  if (errorPage !== undefined && typeof errorPage !== "function")
    throw new TypeError("errorPage is a function");
  return {
    errorPage,
    unmatched: (routes, { groups = true, optional = true } = {}) =>
      callWasm(() => binding.unmatched([...routes], groups, optional)),
    decide(visit) {
      const page = visit.page ?? isNavigation(visit.request);
      const place = placeOf(visit, page);
      try {
        const asked = visit.session.status === "authenticated" ? [...binding.predicates(place)] : [];
        const allowed = asked.filter((at) => allows(predicates[at], visit.session));
        const location = callWasm(() => judge(binding, place, visit.session, allowed));
        return location === undefined ? { kind: "pass" } : { kind: "redirect", location, page };
      } catch (thrown) {
        if (!(thrown instanceof HttpOnlyError)) throw thrown;
        const { code, message, status } = thrown as ServerRefusal;
        return { kind: "refuse", status, error: { code, message }, page };
      } finally {
        place.free();
      }
    },
  };
}

const OPTIONS: Names<GuardOptions> = {
  login: true,
  home: true,
  verify: true,
  otherwise: true,
  remote: true,
  errorPage: true,
};
const REQUIREMENT: Names<Requirement> = { role: true, emailVerified: true, allow: true };

/** A predicate of a table, and where it stands. */
interface Predicate {
  where: string;
  allow: (answer: AllowAnswer) => unknown;
}

/** An access as the rules take it: its predicate is a number there. */
function number(predicates: Predicate[], where: string, access: Access | undefined): unknown {
  if (typeof access !== "object" || access === null || Array.isArray(access)) return access;
  const own = ownOptions(`guard: the access ${where}`, access, REQUIREMENT);
  const { allow } = own;
  if (allow === undefined) return own;
  if (typeof allow !== "function" || allow.constructor.name === "AsyncFunction") {
    const got = typeof allow === "function" ? "an async function" : typeof allow;
    throw new TypeError(`allow ${where} must be a function that answers at once, got ${got}`);
  }
  return Object.assign(own, { allow: predicates.push({ where, allow }) - 1 });
}

/** Whether a predicate says `true`. */
function allows(predicate: Predicate | undefined, session: GuardVisit["session"]): boolean {
  if (!predicate) return false;
  try {
    const said = predicate.allow({ session: null, setCookies: [], ...session } as AllowAnswer);
    // Nobody waits for a promise, and one that fails must not end the process.
    if (said instanceof Promise) said.catch(() => undefined);
    return said === true;
  } catch (thrown) {
    const kind = thrown instanceof Error ? thrown.name : typeof thrown;
    console.error(`httponly: allow ${predicate.where} threw ${kind}, which is a refusal`);
    return false;
  }
}

function isNavigation({ headers }: Request): boolean {
  const said = (name: string) => headers.get(name) ?? undefined;
  return callWasm((m) => m.isNavigation(said("sec-fetch-mode"), said("sec-fetch-dest"), said("accept")));
}

function placeOf(visit: GuardVisit, page: boolean): Place {
  const {
    request,
    path,
    search,
    route,
    params = {},
    base = "",
    rewrites = [],
    remote = false,
    basePath,
  } = visit;
  const { method } = request;
  const named = Object.entries(params).filter(
    (pair): pair is [string, string] => typeof pair[1] === "string",
  );
  return callWasm(
    (m) =>
      new m.GuardVisit(
        route ?? undefined,
        named.flat(),
        text("base", base),
        rewrites.flat(),
        text("path", path),
        text("search", search).replace(/^\?/, ""),
        method === "GET" || method === "HEAD",
        page,
        remote,
        basePath,
      ),
  );
}

function judge(binding: Binding, place: Place, { status, user }: GuardVisit["session"], allowed: number[]) {
  // Better Auth writes several roles with commas between them; other backends have a list.
  const role: unknown = user?.role;
  const roles = Array.isArray(role) ? role.filter((one) => typeof one === "string").join(",") : role;
  const guest = (user as { isAnonymous?: unknown } | null)?.isAnonymous === true;
  const verified = user?.emailVerified === true;
  return binding.decide(
    place,
    status,
    typeof roles === "string" ? roles : "",
    verified,
    guest,
    new Uint32Array(allowed),
  );
}

/** A verdict as a response, with the session's `Set-Cookie` lines; nothing for a visit that goes on. */
export function guarded(verdict: GuardVerdict, setCookies: readonly string[]): Response | undefined {
  if (verdict.kind === "pass") return undefined;
  const headers = new Headers(headersFor("session"));
  for (const line of setCookies) headers.append("set-cookie", line);
  if (verdict.kind === "redirect") {
    headers.set("location", verdict.location);
    return new Response(null, { status: 303, headers });
  }
  const { status, error, page } = verdict;
  setHeaders(headers, page ? "guard-page" : "session-error");
  if (status === 503) headers.set("retry-after", RETRY_AFTER);
  if (!page) return Response.json({ error }, { status, headers });
  headers.set("content-type", "text/html; charset=utf-8");
  return new Response(
    callWasm((m) => m.guardPage(status)),
    { status, headers },
  );
}

/** The app's own page in place of the guard's, with the guard's status and headers. */
export async function withErrorPage(
  { errorPage }: Guard,
  verdict: GuardVerdict,
  request: Request,
  plain: Response,
): Promise<Response> {
  if (!errorPage || verdict.kind !== "refuse" || !verdict.page) return plain;
  const { status, error } = verdict;
  const own = await errorPage({ status, error }, request);
  const headers = new Headers(own.headers);
  const ours = ["retry-after", ...Object.keys(headersFor("session-error"))];
  for (const [name, value] of plain.headers) {
    if (name === "set-cookie" || name === "vary") headers.append(name, value);
    else if (ours.includes(name)) headers.set(name, value);
  }
  return new Response(own.body, { status, headers });
}
