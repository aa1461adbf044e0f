/**
 * Whose a request is: by what is known, or by the backend's word.
 *
 * @module
 */
import { Reader } from "../../wasm/message.ts";
import { callWasm } from "../../wasm/server.ts";
import { splitSetCookie } from "../cookies.ts";
import { refused, report } from "../refusal.ts";
import { readWithin } from "../stream.ts";
import { decode } from "../utf8.ts";
import { ANSWER_LIMIT } from "./body.ts";
import type { Declared } from "./declared.ts";
import { type Finding, NOBODY_CAN_TELL } from "./finding.ts";
import type { Session, SessionAnswer, User } from "./types.ts";

const MINUTE = 60_000;

/** What the lookup does for `getSession` and for the handler. */
export interface Lookup {
  getSession(request: Request, platform?: unknown): Promise<SessionAnswer>;
  /** Asks the backend, whatever is known; it never rejects. */
  ask(request: Request, platform: unknown, backend: string, milliseconds?: number): Promise<Finding>;
}

/** The lookup for a declaration. */
export function lookingUp(declared: Declared): Lookup {
  const { binding, cache, timeout, ttl } = declared;

  /**
   * Of lines about what there is those that may go with the response, and where the session is dead those that clear its
   * cookies.
   */
  function linesFor(request: Request, header: string, lines: string[], dead: boolean): string[] {
    if (!dead && lines.length === 0) return lines;
    const now = Date.now();
    const late = cache.isLate(
      callWasm(() => binding.handles(header)),
      now,
    );
    const head = declared.headOf(request, "");
    return callWasm(() => binding.linesFor(head, lines, dead, late, now));
  }

  /** Asks the backend once. */
  async function askOnce(request: Request, platform: unknown, url: string, init: AskOnce): Promise<Finding> {
    const response = await declared.call(url, { ...init, redirect: "manual" }, platform);
    const bytes = response.body ? await readWithin(response.body as ByteStream, ANSWER_LIMIT) : undefined;
    const now = Date.now();
    const body = decode(bytes ?? new Uint8Array());
    const [status, id, expires, user, session, email, data, began, wantsRenewal] = callWasm((m) =>
      m.readSessionAnswer(response.status, body, now, ttl),
    ) as [SessionAnswer["status"], ...string[]];
    const lines = splitSetCookie(response.headers);
    return {
      status,
      ...(id !== undefined && { id }),
      email: email ?? "",
      expires: expires === undefined ? now + Math.min(ttl, MINUTE) : Number(expires),
      began: Number(began ?? 0),
      wantsRenewal: wantsRenewal === "1",
      user: user ?? "null",
      session: session ?? "null",
      data: data ?? "",
      // What a backend in trouble says of cookies is not to be trusted.
      lines:
        status === "unavailable" || lines.length === 0
          ? []
          : callWasm(() => binding.sessionLines(request.url, lines)),
    };
  }

  /**
   * Asks the backend. The lookup is not bound to the request that caused it: others wait for the same answer.
   *
   * The backend is asked without its copies of the session first, which outlive a sign-out. One that keeps its sessions in
   * nothing else knows nobody then, and is asked with them; what ended by this process's doing stays over.
   */
  async function ask(
    request: Request,
    platform: unknown,
    backend: string,
    milliseconds = timeout,
  ): Promise<Finding> {
    try {
      const head = declared.headOf(request, backend, declared.addressOf(request, platform));
      const plan = new Reader(callWasm(() => binding.lookup(head)));
      const [url, headers, withCopies] = [plan.line(), plan.pairs(), plan.pairs()];
      const signal = AbortSignal.timeout(milliseconds);
      const look = (method: "GET" | "POST", headers: [string, string][]) =>
        askOnce(request, platform, url, { method, headers, signal });
      let found = await look("GET", headers);
      let sent = headers;
      if (found.status === "unavailable") tell(request);
      if (found.status === "anonymous" && withCopies.length > 0) {
        const header = request.headers.get("cookie") ?? "";
        if (await cache.isEnded(callWasm(() => binding.handles(header)))) return found;
        const again = await look("GET", withCopies);
        if (again.id !== undefined && (await cache.isOver(again.id, again.began))) return found;
        found = again;
        sent = withCopies;
      }
      if (!found.wantsRenewal) return found;
      const renewed = await look("POST", sent).catch(() => undefined);
      if (renewed?.status !== "authenticated") return found;
      return { ...renewed, lines: [...found.lines, ...renewed.lines] };
    } catch (thrown) {
      tell(request, thrown);
      return NOBODY_CAN_TELL;
    }
  }

  /** Tells of a lookup that nobody answered. */
  function tell(request: Request, cause?: unknown): void {
    const error = Object.assign(refused("backend-away", cause), { about: {} });
    report("authBackend", declared.onError, { error, request });
  }

  /** Whose the session cookie says it is; unverified. */
  function claimed(header: string): SessionAnswer | undefined {
    const message = callWasm(() => binding.claims(header, Date.now()));
    if (message === undefined) return undefined;
    const reader = new Reader(message);
    const [id, end] = [reader.line(), reader.number()];
    const user = (declared.claims ?? userOf)(JSON.parse(reader.rest()) as Record<string, unknown>);
    if (user === null) return undefined;
    const session: Session = { id, userId: user.id, expiresAt: new Date(end).toISOString() };
    return { status: "authenticated", user, session, setCookies: [] };
  }

  async function find(request: Request, platform: unknown): Promise<SessionAnswer> {
    const header = request.headers.get("cookie") ?? "";
    const message = callWasm(() => binding.cacheKey(header));
    if (message === undefined) return answer("anonymous");
    const [cookies, copies] = message.split("\n") as [string, string];
    if (cookies === "") return answer("anonymous", linesFor(request, header, [], true));
    if (declared.readsToken)
      return claimed(header) ?? answer("anonymous", linesFor(request, header, [], true));
    const backend = declared.backendOf(request, platform);
    // What one backend said of a cookie, another need not say.
    const key = declared.asksForUrl ? cookies + backend : cookies;
    const finding =
      cache.get(key, copies, Date.now()) ??
      (await cache.share(
        key,
        copies,
        () => callWasm(() => binding.handles(header)),
        (milliseconds) => ask(request, platform, backend, milliseconds),
      ));
    if (finding === undefined) return answer("unavailable");
    // Of those who wait for one answer, the first who is still there takes the lines along.
    const lines = request.signal.aborted ? [] : finding.lines.splice(0);
    const setCookies = linesFor(request, header, lines, finding.status === "anonymous");
    if (finding.status === "anonymous") return answer("anonymous", setCookies);
    return {
      status: finding.status,
      user: JSON.parse(finding.user),
      session: JSON.parse(finding.session),
      ...(finding.data && { data: JSON.parse(finding.data) }),
      setCookies,
    };
  }

  return {
    ask,
    getSession: (request, platform) => find(request, platform).catch(() => answer("unavailable")),
  };
}

type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;
type AskOnce = { method: "GET" | "POST"; headers: [string, string][]; signal: AbortSignal };

function answer(status: SessionAnswer["status"], setCookies: string[] = []): SessionAnswer {
  return { status, user: null, session: null, setCookies };
}

/** The user of a token's claims (OpenID Connect Core section 5.1). It has no role: nobody vouches for one. */
function userOf(claims: Record<string, unknown>): User | null {
  const { sub, email, name, iat } = claims;
  if (typeof sub !== "string" || sub === "") return null;
  const made = typeof iat === "number" ? new Date(iat * 1000) : undefined;
  return {
    id: sub,
    email: typeof email === "string" ? email : "",
    name: typeof name === "string" ? name : null,
    role: "",
    emailVerified: false,
    createdAt: made && !Number.isNaN(made.getTime()) ? made.toISOString() : "",
  };
}
