/**
 * Sessions of a remote authentication backend: a server of its own, such as Better Auth, that this app asks whose a
 * request is, and whose paths it serves as if they were its own.
 *
 * @module
 */
import type { Backend as Door } from "../wasm/gen/server.js";
import { declaredUrl, rules, text, texts } from "../wasm/server.ts";
import { type SessionCache, sharedCache } from "./backend-cache.ts";
import { splitSetCookie } from "./cookies.ts";
import { afterLink, showLink } from "./magic-link.ts";
import { memo } from "./memo.ts";
import { broken, RETRY_AFTER, refusal } from "./refusal.ts";
import { reserve } from "./reserved.ts";
import { NULL_BODY, readWithin } from "./stream.ts";

/** Who is signed in. An app whose backend says more adds its own fields to this interface. */
export interface User {
  id: string;
  email: string;
  name: string | null;
  /** `customer`, `creator` or `admin`, or whatever else the app's backend calls its roles. */
  role: string;
  emailVerified: boolean;
  /** ISO 8601 */
  createdAt: string;
}

/** A session; its token is never part of it. */
export interface Session {
  id: string;
  userId: string;
  /** ISO 8601 */
  expiresAt: string;
}

/** Whose a request is. `user` and `session` belong to the caller: changing them changes nobody else's. */
export interface SessionAnswer {
  /**
   * - `authenticated`: `user` and `session` are there.
   * - `anonymous`: there is no session.
   * - `unavailable`: the backend is away, and nobody can tell. Answer 503; sign nobody out, redirect nobody.
   * - `rejected`: the backend refuses to say (403, 429).
   */
  status: "authenticated" | "anonymous" | "unavailable" | "rejected";
  user: User | null;
  session: Session | null;
  /** `Set-Cookie` lines for the response: the backend's, byte for byte, and those that clear a dead cookie. */
  setCookies: string[];
}

/** Sessions for an app, wherever they are kept. */
export interface Auth {
  /** Below which its paths lie; without it, {@link BASE_PATH}. */
  readonly basePath?: string | undefined;
  /** The app's own origin, where it was declared; otherwise that of `request.url` counts. */
  readonly origin?: string | undefined;
  /** Answers the requests for the backend's paths. */
  handler(request: Request, platform?: unknown): Promise<Response>;
  /** Whose a request is; it never throws. */
  getSession(request: Request, platform?: unknown): Promise<SessionAnswer>;
  /** Forgets one session by its token, as the cookie or the backend's own table has it, or all; at once. */
  purge(token?: string): void;
}

/** Below which the paths of an {@link Auth} lie that does not say so. */
export const BASE_PATH = "/api/auth";

/** Options of {@link authBackend}. */
export interface AuthBackendOptions {
  /** The backend: an http(s) origin, with a path before {@link basePath} if there is one. A function is asked each time. */
  url: string | ((request: Request, platform?: unknown) => string);
  /** The name of its session cookie. It is known with `__Secure-` and `__Host-` before it, too. */
  cookie: string;
  /**
   * The names of its other cookies, or how they begin: `codex.*`. Only its own cookies are sent to it. By default
   * `better-auth.*`, and what begins as the session cookie does up to its first `.`, `-` or `_`: `codex.*` for
   * `codex-session`.
   */
  cookies?: readonly string[] | undefined;
  /** The Domain of its cookies, if they have one. By default a dead cookie is cleared at every domain above the host. */
  domain?: string | undefined;
  /**
   * The Domain that its cookies get in the browser, in place of their own; `false` takes it away, which makes them
   * host-only. Without this every line passes byte for byte. `__Host-` cookies never get one.
   */
  setCookieDomain?: string | false | undefined;
  /**
   * How to tell whose a session is: `lookup` asks the backend, which is the default; `jwt` reads the session cookie as a
   * JSON Web Token, for a backend that has nobody to ask.
   *
   * **`jwt` verifies nothing**: whoever writes a cookie of his own is whoever he likes to be. It serves to show a name and
   * to lead visitors to the login page; what it guards has to come from an API that verifies the token. So roles and
   * verified addresses are empty, unless {@link claims} says otherwise.
   */
  session?: "lookup" | "jwt" | undefined;
  /**
   * With `session: "jwt"`: the user for a token's claims, or null for nobody. By default `sub`, `email` and `name`, without
   * a role.
   */
  claims?: ((claims: Record<string, unknown>) => User | null) | undefined;
  /** Below which the backend's paths lie, here and there; default `/api/auth`. */
  basePath?: string | undefined;
  /**
   * Pages of the app. `magicLink`: where the link of a mail leads, whose form uses it; a plain page of this package's own
   * when absent. A local path.
   */
  pages?: { magicLink?: string } | undefined;
  /** The paths below {@link basePath} that differ from Better Auth's `/get-session` and `/sign-out`. */
  paths?: { getSession?: string; signOut?: string } | undefined;
  /**
   * Seconds for which an answer is kept; default 300, 0 keeps none. That is how long a session lives on here which the
   * backend ended without this process's doing; `purge` ends it at once. Absence of a session is kept for at most 60.
   */
  cacheTtl?: number | undefined;
  /** How many sessions are kept at most, and as many absences; default 10,000. */
  cacheSize?: number | undefined;
  /** Milliseconds until the backend has answered; default 5000. */
  timeout?: number | undefined;
  /** Bytes of a request's body through the handler, 413 beyond; default 1 MiB. */
  bodyLimit?: number | undefined;
  /** Calls the backend, in place of the global `fetch`: a service binding, say. */
  fetch?: typeof fetch | undefined;
  /** The app's own origin, for servers behind TLS; by default that of `request.url`. The backend has to trust it. */
  origin?: string | undefined;
  /** The client's address from a source that you trust: it becomes `X-Forwarded-For`. Without it, none is sent. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
}

/** What the backend said of a session. */
interface Finding {
  status: SessionAnswer["status"];
  /** Of the user, where one is signed in. */
  id?: string | undefined;
  /** Milliseconds since 1970, after which it is not to be used. */
  expires: number;
  /** JSON: whoever takes it gets objects of his own. */
  user: string;
  session: string;
  /** The backend's `Set-Cookie` lines, which go to one who asked. */
  lines: string[];
}

const MINUTE = 60_000;
/** An answer about a session, or one to strip tokens from, is small. */
const ANSWER_LIMIT = 1024 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true });

// The doors' numbers: src/session/passage.rs.
const USER = 2;
const ANYONE = 3;
const SHOW_LINK = 1;
const USE_LINK = 2;
const REVOKE = 3;

const passesToBackend = memo(256, (name) => rules((m) => m.passesToBackend(name)));
const passesToPage = memo(1024, (name) => rules((m) => m.passesToPage(name)));

/**
 * Sessions of a remote authentication backend, Better Auth by default.
 *
 * - `getSession` asks the backend whose a request is, once for all that ask at the same time, and remembers the answer.
 * - `handler` serves the backend's paths: mount it at `basePath`. Cookies pass byte for byte, tokens never reach the
 *   page, redirects of the backend lead into the app.
 * - `purge` forgets: call it where a session ends without the handler's doing.
 *
 * Keep one for the app, at module level: the cache is in it, and nothing of a request is.
 *
 * @throws TypeError if an option is of the wrong kind
 * @throws HttpOnlyError if `cookie` or `domain` is none
 *
 * @example
 * ```ts
 * const auth = authBackend({ url: "http://127.0.0.1:8789", cookie: "codex-session" });
 * const { status, user } = await auth.getSession(request);
 * ```
 */
export function authBackend(options: AuthBackendOptions): Auth & Required<Pick<Auth, "basePath">> {
  const timeout = limit("timeout", options.timeout, 5000);
  const ttl = limit("cacheTtl", options.cacheTtl, 300) * 1000;
  const bodyLimit = limit("bodyLimit", options.bodyLimit, 1024 * 1024);
  const cacheSize = limit("cacheSize", options.cacheSize, 10_000);
  const own = options.origin === undefined ? undefined : declaredUrl("origin", options.origin);
  if (options.domain !== undefined) text("domain", options.domain);
  const { setCookieDomain } = options;
  if (typeof setCookieDomain === "string") rules((m) => m.checkDomain(setCookieDomain));
  else if (setCookieDomain !== undefined && setCookieDomain !== false)
    throw new TypeError("setCookieDomain is a domain, or false");
  if (!["lookup", "jwt", undefined].includes(options.session))
    throw new TypeError('session is "lookup" or "jwt"');
  /** The backend's lines, as they pass to the browser. */
  const linesOf = (headers: Headers) => {
    const lines = splitSetCookie(headers);
    return setCookieDomain === undefined ? lines : rules((m) => m.withDomain(lines, setCookieDomain || ""));
  };
  const basePath = text("basePath", options.basePath ?? BASE_PATH);
  const door: Door = rules(
    (m) =>
      new m.Backend(
        text("cookie", options.cookie),
        texts("cookies", options.cookies),
        basePath,
        text("paths.getSession", options.paths?.getSession ?? "/get-session"),
        text("paths.signOut", options.paths?.signOut ?? "/sign-out"),
        options.domain ?? (setCookieDomain || undefined),
      ),
  );
  reserve(door.names());
  if (options.pages?.magicLink !== undefined) {
    const page = text("pages.magicLink", options.pages.magicLink);
    rules((m) => m.linkLocation(page, undefined));
  }
  const { url } = options;
  const asksForUrl = typeof url === "function";
  const fixed = asksForUrl ? "" : declaredUrl("url", url).href;
  const backendOf = (request: Request, platform: unknown) =>
    asksForUrl ? declaredUrl("url", url(request, platform)).href : fixed;
  const cache: SessionCache<Finding> = sharedCache(
    [fixed, options.cookie, options.cookies, basePath, options.paths, options.domain, ttl, cacheSize],
    options.fetch,
    cacheSize,
  );
  const hostOf = (request: Request) => own ?? new URL(request.url);

  /** The headers of this server's own: nothing in them is the client's word but its cookies. */
  function headersOf(request: Request, platform: unknown, lookup: boolean): Headers {
    const headers = new Headers({ origin: hostOf(request).origin, "accept-encoding": "identity" });
    const cookie = rules(() => door.forward(request.headers.get("cookie") ?? "", lookup));
    if (cookie) headers.set("cookie", cookie);
    const address = options.clientAddress?.(request, platform);
    const client = typeof address === "string" ? rules((m) => m.normalAddress(address)) : undefined;
    if (client !== undefined) headers.set("x-forwarded-for", client);
    return headers;
  }

  /** Asks the backend. It is not bound to the request that caused it: others wait for the same answer. */
  async function ask(request: Request, platform: unknown, backend: string): Promise<Finding> {
    try {
      const headers = headersOf(request, platform, true);
      headers.set("accept", "application/json");
      const url = rules(() => door.lookup(backend));
      const signal = AbortSignal.timeout(timeout);
      const response = await (options.fetch ?? fetch)(url, { headers, redirect: "manual", signal });
      const bytes = response.body ? await readWithin(response.body as ByteStream, ANSWER_LIMIT) : undefined;
      const now = Date.now();
      const body = utf8.decode(bytes ?? new Uint8Array());
      const [status, id, expires, user, session] = rules((m) =>
        m.readSessionAnswer(response.status, body, now),
      ) as [SessionAnswer["status"], string?, string?, string?, string?];
      const longest = now + (status === "authenticated" ? ttl : Math.min(ttl, MINUTE));
      return {
        status,
        ...(id !== undefined && { id }),
        expires: expires ? Math.min(longest, Number(expires)) : longest,
        user: user ?? "null",
        session: session ?? "null",
        // What a backend in trouble says of cookies is not to be trusted.
        lines: status === "unavailable" ? [] : linesOf(response.headers),
      };
    } catch {
      return { status: "unavailable", expires: 0, user: "null", session: "null", lines: [] };
    }
  }

  /** Whose the session cookie says it is; unverified. */
  function claimed(header: string): SessionAnswer | undefined {
    const read = rules(() => door.claims(header, Date.now())) as [string, string, string] | undefined;
    if (read === undefined) return undefined;
    const user = (options.claims ?? userOf)(JSON.parse(read[0]) as Record<string, unknown>);
    if (user === null) return undefined;
    const session = { id: read[2], userId: user.id, expiresAt: new Date(Number(read[1])).toISOString() };
    return { status: "authenticated", user, session, setCookies: [] };
  }

  async function getSession(request: Request, platform?: unknown): Promise<SessionAnswer> {
    try {
      const header = request.headers.get("cookie") ?? "";
      const cookies = rules(() => door.key(header));
      if (cookies === undefined) return answer("anonymous");
      const clear = () => {
        const host = hostOf(request);
        return rules(() => door.clear(header, host.hostname, host.protocol === "https:"));
      };
      if (cookies === "") return answer("anonymous", clear());
      if (options.session === "jwt") return claimed(header) ?? answer("anonymous", clear());
      // What one backend said of a cookie, another need not say.
      const backend = backendOf(request, platform);
      const key = asksForUrl ? cookies + backend : cookies;
      const finding =
        cache.get(key, Date.now()) ??
        (await cache.share(
          key,
          () => rules(() => door.handles(header)),
          () => ask(request, platform, backend),
        ));
      if (finding === undefined) return answer("unavailable");
      // Of those who wait for one answer, the first who is still there takes the lines along.
      const lines = request.signal.aborted ? [] : finding.lines.splice(0);
      if (finding.status === "anonymous") return answer("anonymous", [...lines, ...clear()]);
      return {
        status: finding.status,
        user: JSON.parse(finding.user),
        session: JSON.parse(finding.session),
        setCookies: lines,
      };
    } catch {
      return answer("unavailable");
    }
  }

  async function handler(request: Request, platform?: unknown): Promise<Response> {
    const { method, url } = request;
    const said = (name: string) => request.headers.get(name) ?? undefined;
    const contentType = said("content-type") ?? "";
    const sender = [
      hostOf(request).origin,
      said("sec-fetch-site"),
      said("sec-fetch-mode"),
      said("sec-fetch-dest"),
      said("origin"),
      said("x-httponly"),
    ] as const;
    let backend: string;
    let target: string;
    let headers: Headers;
    try {
      backend = backendOf(request, platform);
      target = rules(() => door.admit(backend, method, url, ...sender));
      headers = headersOf(request, platform, false);
    } catch (thrown) {
      if (rules(() => door.isFormPost(method, url, contentType, ...sender))) return formPost(request);
      const wrongMethod = (thrown as { status?: number }).status === 405;
      return refusal(thrown, wrongMethod ? { allow: door.allow(url) } : undefined);
    }
    // A token that nobody can end is forgotten by the browser.
    if (options.session === "jwt" && options.paths?.signOut === undefined && door.allow(url) === "POST") {
      const { hostname, protocol } = hostOf(request);
      const lines = rules(() =>
        door.clear(request.headers.get("cookie") ?? "", hostname, protocol === "https:"),
      );
      return signedOut(lines);
    }
    const refused: Refused = (status, body) =>
      method === "HEAD" ? undefined : rules(() => door.refusal(url, status, body));
    const detour = rules(() => door.detour(method, url));
    if (detour === SHOW_LINK) return showLink(url, options.pages?.magicLink, method === "HEAD");
    for (const [name, value] of request.headers) if (passesToBackend(name)) headers.set(name, value);
    let body: Bytes | string | undefined;
    if (request.body) {
      try {
        body = await readWithin(request.body as ByteStream, bodyLimit);
      } catch {
        return gone();
      }
      if (!body) return broken("body-too-large");
    }
    let verb = method;
    if (detour === USE_LINK) {
      try {
        target = rules(() => door.useLink(backend, contentType, asText(body)));
      } catch (thrown) {
        return refusal(thrown);
      }
      verb = "GET";
      body = undefined;
      headers.delete("content-type");
    }
    const id = detour === REVOKE ? rules((m) => m.revokedId(contentType, asText(body))) : undefined;
    if (id !== undefined) {
      const url = rules(() => door.list(backend));
      const init = { headers: headersOf(request, platform, true) };
      const found = await reach(request, url, init, async (response) => {
        if (response === undefined || response.status >= 500) return nobody(request, response);
        if (!response.ok) return toPage(response, backend, url, linesOf(response.headers), refused);
        const list = await read(response);
        // What is no list of theirs has no session of theirs.
        return rules((m) => m.revokeBody(list ?? "", id)) ?? unknownSession(refused);
      });
      if (typeof found !== "string") return found;
      body = found;
      headers.set("content-type", "application/json");
    }

    const cookie = request.headers.get("cookie") ?? "";
    // Once it is done, the cookie may say nobody any more: whose sessions end is asked before.
    const ofUser = rules(() => door.effect(method, url, true)) === USER;
    const before = ofUser ? await getSession(request, platform) : undefined;
    const user = before?.user?.id;
    const settle = (succeeded: boolean) => {
      const effect = rules(() => door.effect(method, url, succeeded));
      if (effect === 0) return;
      // Where nobody could tell whose sessions end, none is known any more.
      const unknown = before?.status === "unavailable" || before?.status === "rejected";
      if (effect === ANYONE || (effect === USER && unknown)) cache.clear();
      else if (effect === USER && user !== undefined) cache.dropWhere(({ id }) => id === user);
      cache.drop(rules(() => door.handles(cookie)));
    };

    const init: RequestInit = { method: verb, headers };
    if (body !== undefined) init.body = body;
    return reach(request, target, init, async (response) => {
      if (response === undefined || response.status >= 500) {
        // It may have done what it was asked all the same.
        settle(false);
        return nobody(request, response);
      }
      settle(response.ok);
      const lines = [...(before?.setCookies ?? []), ...linesOf(response.headers)];
      const page = await toPage(response, backend, target, lines, refused);
      return detour === USE_LINK ? afterLink(page, contentType) : page;
    });
  }

  /** Leads on what an OAuth provider's page POSTs: no backend hears of it, and no cookie is read. */
  async function formPost(request: Request): Promise<Response> {
    const limit = Math.min(
      bodyLimit,
      rules((m) => m.formPostLimit()),
    );
    let body: Bytes | undefined;
    try {
      body = request.body ? await readWithin(request.body as ByteStream, limit) : new Uint8Array();
    } catch {
      return gone();
    }
    if (!body) return broken("body-too-large");
    try {
      const headers = {
        location: rules(() => door.formPost(request.url, asText(body))),
        "cache-control": "private, no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      };
      return new Response(null, { status: 303, headers });
    } catch (thrown) {
      return refusal(thrown);
    }
  }

  /**
   * Sends a request for a visitor, and reads the answer: nothing if there is none in time, or nobody who waits for it. The
   * time is over once the answer is read: what is read whole has to be there by then, and what is streamed takes its own.
   */
  async function reach<T>(
    request: Request,
    target: string,
    init: RequestInit,
    read: (response: Response | undefined) => Promise<T>,
  ): Promise<T> {
    const abort = new AbortController();
    const leave = () => abort.abort();
    // What changes sessions goes on without its visitor: when it is done has to be known, or an entry would outlive it.
    const reads = request.method === "GET" || request.method === "HEAD";
    if (reads) request.signal.addEventListener("abort", leave, { once: true });
    const clock = setTimeout(leave, timeout);
    try {
      if (request.signal.aborted) leave();
      const { signal } = abort;
      const asked = async () => (options.fetch ?? fetch)(target, { ...init, redirect: "manual", signal });
      return await read(await asked().catch(() => undefined));
    } finally {
      clearTimeout(clock);
    }
  }

  return {
    basePath: basePath.replace(/\/$/, ""),
    ...(own && { origin: own.origin }),
    handler,
    getSession,
    purge(token) {
      if (token === undefined) cache.clear();
      else cache.drop(rules((m) => m.tokenHandles(text("token", token))));
    },
  };
}

/** The body of a refusal: what the backend says in JSON, if anything, and our own name for it; none in answer to HEAD. */
type Refused = (status: number, body: string) => string | undefined;

type Bytes = Uint8Array<ArrayBuffer>;
type ByteStream = ReadableStream<Bytes>;

function answer(status: SessionAnswer["status"], setCookies: string[] = []): SessionAnswer {
  return { status, user: null, session: null, setCookies };
}

/** The answer where the backend gave none, or one that is none. */
async function nobody(request: Request, response?: Response): Promise<Response> {
  await response?.body?.cancel().catch(() => {});
  return request.signal.aborted ? gone() : away();
}

/** For nobody: the client has left. */
function gone(): Response {
  return new Response(null, { status: 499 });
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

/** The answer for a sign-out that no backend takes part in. */
function signedOut(lines: string[]): Response {
  const headers = new Headers({ "cache-control": "private, no-store", vary: "Cookie" });
  for (const line of lines) headers.append("set-cookie", line);
  return Response.json({ success: true }, { headers });
}

/** The answer for a session that is not in the user's list, in the backend's own shape. */
function unknownSession(refused: Refused): Response {
  const body = { code: "SESSION_NOT_FOUND", message: "there is no such session" };
  const headers = {
    "cache-control": "private, no-store",
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
    vary: "Cookie",
  };
  return new Response(refused(404, JSON.stringify(body)) ?? null, { status: 404, headers });
}

/** A body as text; what is no UTF-8 is no text. */
function asText(body: Bytes | string | undefined): string {
  if (typeof body === "string") return body;
  try {
    return utf8.decode(body ?? new Uint8Array());
  } catch {
    return "";
  }
}

/** A small body as text; nothing for one that is too large, broken off or no UTF-8. */
async function read(response: Response): Promise<string | undefined> {
  try {
    const bytes = response.body
      ? await readWithin(response.body as ByteStream, ANSWER_LIMIT)
      : new Uint8Array();
    return bytes && utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The answer for a backend that has none: nothing of what it said, if it said anything. */
function away(): Response {
  try {
    rules((m) => m.backendAway());
  } catch (thrown) {
    return refusal(thrown, {
      "cache-control": "private, no-store",
      vary: "Cookie",
      "retry-after": RETRY_AFTER,
    });
  }
  throw new TypeError("unavailable");
}

/** The backend's response as the page gets it. */
async function toPage(
  response: Response,
  backend: string,
  target: string,
  lines: string[],
  refused: Refused,
): Promise<Response> {
  const { status } = response;
  const said = (name: string) => response.headers.get(name) ?? undefined;
  const headers = new Headers();
  for (const [name, value] of response.headers) if (passesToPage(name)) headers.append(name, value);
  for (const line of lines) headers.append("set-cookie", line);
  const location = said("location");
  if (location !== undefined) {
    const local = rules((m) => m.relocateRedirect(backend, target, location));
    if (local !== undefined) headers.set("location", local);
  }
  const retryAfter = rules((m) => m.retryAfter(said("retry-after"), said("x-retry-after"), Date.now()));
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  headers.set("cache-control", "private, no-store");
  headers.set("vary", "Cookie");
  headers.set("x-content-type-options", "nosniff");
  headers.set("content-security-policy", "sandbox");
  headers.set("referrer-policy", "no-referrer");

  let body: BodyInit | null = response.body;
  if (body && NULL_BODY.has(status)) {
    await response.body?.cancel();
    body = null;
  }
  const isJson = rules((m) => m.isJson(said("content-type")));
  let clean: string | undefined;
  if (body && isJson) {
    clean = await withoutTokens(body as ByteStream);
    // What cannot be read cannot be cleaned, and does not pass.
    if (clean === undefined) return away();
    body = clean;
  }
  const named = status < 400 ? undefined : refused(status, clean ?? "");
  if (named !== undefined) {
    if (!isJson) await response.body?.cancel().catch(() => {});
    if (!isJson || !headers.has("content-type")) headers.set("content-type", "application/json");
    body = named;
  }
  return new Response(body, { status, headers });
}

async function withoutTokens(body: ByteStream): Promise<string | undefined> {
  try {
    const bytes = await readWithin(body, ANSWER_LIMIT);
    if (!bytes) return undefined;
    // Better Auth answers an unknown path with nothing at all.
    return bytes.length === 0 ? "" : rules((m) => m.withoutTokens(utf8.decode(bytes)));
  } catch {
    return undefined;
  }
}

function limit(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== "number" || !(value >= 0 && value < 2 ** 31)) {
    throw new TypeError(`${name} is a number, 0 or more`);
  }
  return value;
}
