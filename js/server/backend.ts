/**
 * Sessions of a remote authentication backend: a server of its own, such as Better Auth, that this app asks whose a
 * request is, and whose paths it serves as if they were its own.
 *
 * @module
 */
import type { BackendBinding as Binding } from "../wasm/server.ts";
import { callWasm, declaredUrl, text, texts } from "../wasm/server.ts";
import { sharedCache } from "./backend-cache.ts";
import { splitSetCookie } from "./cookies.ts";
import { headersFor, setHeaders } from "./headers.ts";
import { afterLink, showLink } from "./magic-link.ts";
import { memo } from "./memo.ts";
import { type Names, ownFunction, ownOptions } from "./options.ts";
import { linkOriginal } from "./original-request.ts";
import { isTooLarge } from "./proxy/body.ts";
import {
  answering,
  refused as broke,
  type OnError,
  RETRY_AFTER,
  report,
  withCause,
  withHeaders,
  withNames,
} from "./refusal.ts";
import { reserve } from "./reserved.ts";
import { boundedStore } from "./store/bounded.ts";
import { revocationReader, taken } from "./store/revocations.ts";
import { sealedStore } from "./store/sealed.ts";
import { ownSessions, type Sessions, sharedSessions } from "./store/sessions.ts";
import { checkStore, type Store } from "./store.ts";
import { abortable, NULL_BODY, readWithin } from "./stream.ts";
import { callFetch, type UpstreamFetch } from "./transport.ts";
import { decode as decodeUtf8 } from "./utf8.ts";

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
export interface SessionAnswer<U = User, S = Session> {
  /**
   * - `authenticated`: `user` and `session` are there.
   * - `anonymous`: there is no session.
   * - `unavailable`: the backend is away, and nobody can tell. Answer 503; sign nobody out, redirect nobody.
   * - `rejected`: the backend refuses to say (403).
   */
  status: "authenticated" | "anonymous" | "unavailable" | "rejected";
  user: U | null;
  session: S | null;
  /** What the backend says beside user and session, without tokens (Better Auth's `customSession`). Absent for nothing. */
  data?: Record<string, unknown>;
  /**
   * `Set-Cookie` lines for the response: the backend's, and those that clear a dead cookie, which go with navigations
   * only.
   */
  setCookies: string[];
}

/** Sessions for an app, wherever they are kept. Own sign-in has users and sessions of the app's own making. */
export interface Auth<U = User, S = Session> {
  /** Below which its paths lie; without it, {@link BASE_PATH}. */
  readonly basePath?: string | undefined;
  /** The app's own origin, where it was declared; otherwise that of `request.url` counts. */
  readonly origin?: string | undefined;
  /** Answers the requests for the backend's paths. */
  handler(request: Request, platform?: unknown): Promise<Response>;
  /** Whose a request is; it never throws. */
  getSession(request: Request, platform?: unknown): Promise<SessionAnswer<U, S>>;
  /**
   * Forgets at once: one session, by its token as the cookie or the backend's own table has it; all sessions of a user;
   * or everything.
   */
  purge(what?: string | { userId: string }): void;
}

/** Sessions of a remote backend. */
export interface BackendAuth extends Auth {
  readonly basePath: string;
  /**
   * A webhook: the backend says by itself whose sessions ended or changed, in a POST that it signs with
   * `revocationSecret`. 204 when it is known to all instances; 401 for what is not signed, not of now, or was taken before.
   */
  revocations(request: Request): Promise<Response>;
}

/** Below which the paths of an {@link Auth} lie that does not say so. */
export const BASE_PATH = "/api/auth";

/** Options of {@link authBackend}. */
export interface AuthBackendOptions {
  /** The backend: an http(s) origin, with a path before {@link basePath} if there is one. A function is asked each time. */
  url: string | ((request: Request, platform?: unknown) => string);
  /**
   * The name of its session cookie, by default `better-auth.session_token`. It is known with `__Secure-` and `__Host-`
   * before it, too.
   */
  cookie?: string | undefined;
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
  /**
   * What all instances of the app know: what one looked up the others need not, and what ends on one ends on all. Without
   * it each process has a cache of its own, and what ends elsewhere lives on in it for {@link cacheTtl}.
   */
  store?: Store | undefined;
  /**
   * Encrypts what is in {@link store}: a text of at least 32 bytes, the same for all instances; or several, of which the
   * first encrypts and all decrypt.
   */
  secret?: string | readonly string[] | undefined;
  /**
   * Seconds for which an instance answers without the {@link store}; default 5. That is how long a session lives on, at
   * most, on an instance that missed the message of its ending.
   */
  localTtl?: number | undefined;
  /**
   * What the backend signs the messages with that {@link BackendAuth.revocations} takes: a text of at least 32 bytes, or
   * several, of which any is taken.
   */
  revocationSecret?: string | readonly string[] | undefined;
  /** Milliseconds until the backend has answered; default 5000. */
  timeout?: number | undefined;
  /** Bytes of a request's body through the handler, 413 beyond; default 1 MiB. */
  bodyLimit?: number | undefined;
  /**
   * Calls the backend, in place of the global `fetch`: a service binding, say,
   * `(input, init, platform) => platform.env.AUTH.fetch(input, init)`, where `platform` is what `handler` and
   * `getSession` get beside the request.
   */
  fetch?: UpstreamFetch | undefined;
  /** The app's own origin, for servers behind TLS; by default that of `request.url`. The backend has to trust it. */
  origin?: string | undefined;
  /** The client's address from a source that you trust: it becomes `X-Forwarded-For`. Without it, none is sent. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
  /** Is told of every refusal and failure of the handler, and of look-ups that nobody answered. */
  onError?: OnError | undefined;
}

const NAMES: Names<AuthBackendOptions> = {
  url: true,
  cookie: true,
  cookies: true,
  domain: true,
  setCookieDomain: true,
  session: true,
  claims: true,
  basePath: true,
  pages: true,
  paths: true,
  cacheTtl: true,
  cacheSize: true,
  store: true,
  secret: true,
  localTtl: true,
  revocationSecret: true,
  timeout: true,
  bodyLimit: true,
  fetch: true,
  origin: true,
  clientAddress: true,
  onError: true,
};

/** What the backend said of a session. */
interface Finding {
  status: SessionAnswer["status"];
  /** Of the user, where one is signed in. */
  id?: string | undefined;
  /** Of the user, in lower case, or empty. */
  email: string;
  /** Milliseconds since 1970, after which it is not to be used. */
  expires: number;
  /** Milliseconds since 1970 when the session began; 0 if the backend does not say. */
  began: number;
  /** Whether the backend wants to be asked by POST to renew it. */
  wantsRenewal: boolean;
  /** JSON: whoever takes it gets objects of his own. */
  user: string;
  session: string;
  /** JSON, or empty. */
  data: string;
  /** The backend's `Set-Cookie` lines, which go to one who asked. */
  lines: string[];
}

const MINUTE = 60_000;
/** An answer about a session, or one to strip tokens from, is small. */
const ANSWER_LIMIT = 1024 * 1024;

/** Better Auth's own name of its session cookie. */
const SESSION_COOKIE = "better-auth.session_token";

// The binding's numbers: src/auth/routes.rs and invalidation.rs.
const OWN = 1;
const USER = 2;
const ANYONE = 3;
const ARRIVAL = 4;
const ENDS = 8;
const SHOW_LINK = 1;
const USE_LINK = 2;
const REVOKE = 3;

const passesToBackend = memo(256, (name) => callWasm((m) => m.passesToBackend(name)));
const passesToPage = memo(1024, (name) => callWasm((m) => m.passesToPage(name)));

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
export function authBackend(given: AuthBackendOptions): BackendAuth {
  const options = readOptions(given);
  const { onError } = options;
  const timeout = limit("timeout", options.timeout, 5000);
  const ttl = limit("cacheTtl", options.cacheTtl, 300) * 1000;
  const bodyLimit = limit("bodyLimit", options.bodyLimit, 1024 * 1024);
  const cacheSize = limit("cacheSize", options.cacheSize, 10_000);
  const own = options.origin === undefined ? undefined : declaredUrl("origin", options.origin);
  if (options.domain !== undefined) text("domain", options.domain);
  const { setCookieDomain } = options;
  if (typeof setCookieDomain === "string") callWasm((m) => m.checkDomain(setCookieDomain));
  else if (setCookieDomain !== undefined && setCookieDomain !== false)
    throw new TypeError("setCookieDomain is a domain, or false");
  if (!["lookup", "jwt", undefined].includes(options.session))
    throw new TypeError('session is "lookup" or "jwt"');
  const hostOf = (request: Request) => own ?? new URL(request.url);
  /** The backend's lines, as they pass to the browser: it may be reached by http, and not know that the app is not. */
  const linesOf = (request: Request, headers: Headers) => {
    let lines = splitSetCookie(headers);
    if (lines.length === 0) return lines;
    if (setCookieDomain !== undefined) lines = callWasm((m) => m.withDomain(lines, setCookieDomain || ""));
    return hostOf(request).protocol === "https:" ? callWasm(() => binding.withSecure(lines)) : lines;
  };
  const basePath = text("basePath", options.basePath ?? BASE_PATH);
  const cookieName = text("cookie", options.cookie ?? SESSION_COOKIE);
  const binding: Binding = callWasm(
    (m) =>
      new m.Backend(
        cookieName,
        texts("cookies", options.cookies),
        basePath,
        text("paths.getSession", options.paths?.getSession ?? "/get-session"),
        text("paths.signOut", options.paths?.signOut ?? "/sign-out"),
        options.domain ?? (setCookieDomain || undefined),
      ),
  );
  reserve(binding.names());
  if (options.pages?.magicLink !== undefined) {
    const page = text("pages.magicLink", options.pages.magicLink);
    callWasm((m) => m.linkLocation(page, undefined));
  }
  const { url } = options;
  const asksForUrl = typeof url === "function";
  const fixed = asksForUrl ? "" : declaredUrl("url", url).href;
  const backendOf = (request: Request, platform: unknown) =>
    asksForUrl ? declaredUrl("url", url(request, platform)).href : fixed;
  const sealed = sealedStoreOf(options, basePath);
  const cache = sessionsOf();
  const readRevocation =
    options.revocationSecret === undefined
      ? undefined
      : revocationReader(options.revocationSecret, sealed && boundedStore(sealed));

  /** The sessions of this process, or of all instances that share a store. */
  function sessionsOf(): Sessions<Finding> {
    const declaration = [fixed, cookieName, options.cookies, basePath, options.paths, options.domain, ttl];
    if (sealed === undefined)
      return ownSessions(sharedCache([...declaration, cacheSize], options.fetch, cacheSize), timeout);
    const local = limit("localTtl", options.localTtl, 5) * 1000;
    const within = options.fetch ?? (options.store as Store);
    const cached = sharedCache<Finding>([...declaration, cacheSize, local], within, cacheSize);
    return sharedSessions(cached, sealed, { local, ttl, timeout }, NOBODY_CAN_TELL);
  }

  /** Lines that clear what cookies of a session there are: dead ones, or what stands beside the own one. */
  function clearing(request: Request, header: string, ends = false): string[] {
    const { hostname, protocol } = hostOf(request);
    const { pathname } = new URL(request.url);
    return callWasm(() => binding.clear(header, hostname, pathname, protocol === "https:", ends));
  }

  /** Of lines about what there is, those that may reach the browser. */
  function passing(request: Request, header: string, lines: string[]): string[] {
    if (lines.length === 0) return lines;
    const now = Date.now();
    const late = cache.isLate(
      callWasm(() => binding.handles(header)),
      now,
    );
    return callWasm(() => binding.passing(lines, header, navigates(request), true, late, now));
  }

  /** The headers of this server's own: nothing in them is the client's word but its cookies. */
  function headersOf(request: Request, platform: unknown, lookup: boolean): Headers {
    const headers = new Headers({ origin: hostOf(request).origin, "accept-encoding": "identity" });
    const cookie = callWasm(() => binding.forward(request.headers.get("cookie") ?? "", lookup));
    if (cookie) headers.set("cookie", cookie);
    const address = options.clientAddress?.(request, platform);
    const client = typeof address === "string" ? callWasm((m) => m.normalAddress(address)) : undefined;
    if (client !== undefined) headers.set("x-forwarded-for", client);
    return headers;
  }

  /** Calls the backend, for as long as the signal lets it. */
  const call = (url: string, init: RequestInit & { signal: AbortSignal }, platform: unknown) =>
    abortable(callFetch(options.fetch ?? fetch, url, init, platform), init.signal);

  /** Asks the backend once. */
  async function lookUp(
    request: Request,
    method: "GET" | "POST",
    url: string,
    headers: Headers,
    signal: AbortSignal,
    platform: unknown,
  ): Promise<Finding> {
    const response = await call(url, { method, headers, redirect: "manual", signal }, platform);
    const bytes = response.body ? await readWithin(response.body as ByteStream, ANSWER_LIMIT) : undefined;
    const now = Date.now();
    const body = decodeUtf8(bytes ?? new Uint8Array());
    const [status, id, expires, user, session, email, data, began, wantsRenewal] = callWasm((m) =>
      m.readSessionAnswer(response.status, body, now, ttl),
    ) as [SessionAnswer["status"], ...string[]];
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
      lines: status === "unavailable" ? [] : linesOf(request, response.headers),
    };
  }

  /**
   * Asks the backend. It is not bound to the request that caused it: others wait for the same answer.
   *
   * It is asked without its copies of the session first, which outlive a sign-out. One that keeps its sessions in nothing
   * else knows nobody then, and is asked with them; what ended by this process's doing stays over.
   */
  async function ask(
    request: Request,
    platform: unknown,
    backend: string,
    milliseconds = timeout,
  ): Promise<Finding> {
    try {
      const header = request.headers.get("cookie") ?? "";
      const url = callWasm(() => binding.lookup(backend));
      const signal = AbortSignal.timeout(milliseconds);
      const look = (method: "GET" | "POST", withCopies: boolean) => {
        const headers = headersOf(request, platform, !withCopies);
        headers.set("accept", "application/json");
        return lookUp(request, method, url, headers, signal, platform);
      };
      let found = await look("GET", false);
      if (found.status === "unavailable") tell(request);
      let withCopies = false;
      if (found.status === "anonymous" && callWasm(() => binding.copies(header)) !== "") {
        if (await cache.isEnded(callWasm(() => binding.handles(header)))) return found;
        const again = await look("GET", true);
        if (again.id !== undefined && (await cache.isOver(again.id, again.began))) return found;
        found = again;
        withCopies = true;
      }
      if (!found.wantsRenewal) return found;
      const renewed = await look("POST", withCopies).catch(() => undefined);
      if (renewed?.status !== "authenticated") return found;
      return { ...renewed, lines: [...found.lines, ...renewed.lines] };
    } catch (thrown) {
      tell(request, thrown);
      return NOBODY_CAN_TELL;
    }
  }

  /** Tells of a look-up that nobody answered. */
  function tell(request: Request, cause?: unknown): void {
    const error = Object.assign(broke("backend-away", cause), { about: {} });
    report("authBackend", onError, { error, request });
  }

  /** Whose the session cookie says it is; unverified. */
  function claimed(header: string): SessionAnswer | undefined {
    const read = callWasm(() => binding.claims(header, Date.now())) as [string, string, string] | undefined;
    if (read === undefined) return undefined;
    const user = (options.claims ?? userOf)(JSON.parse(read[0]) as Record<string, unknown>);
    if (user === null) return undefined;
    const session = { id: read[2], userId: user.id, expiresAt: new Date(Number(read[1])).toISOString() };
    return { status: "authenticated", user, session, setCookies: [] };
  }

  async function getSession(request: Request, platform?: unknown): Promise<SessionAnswer> {
    try {
      const header = request.headers.get("cookie") ?? "";
      const cookies = callWasm(() => binding.key(header));
      if (cookies === undefined) return answer("anonymous");
      const clear = () => (navigates(request) ? passing(request, header, clearing(request, header)) : []);
      if (cookies === "") return answer("anonymous", clear());
      if (options.session === "jwt") return claimed(header) ?? answer("anonymous", clear());
      // What one backend said of a cookie, another need not say.
      const backend = backendOf(request, platform);
      const key = asksForUrl ? cookies + backend : cookies;
      const copies = callWasm(() => binding.copies(header));
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
      const lines = request.signal.aborted ? [] : passing(request, header, finding.lines.splice(0));
      if (finding.status === "anonymous") return answer("anonymous", [...lines, ...clear()]);
      return {
        status: finding.status,
        user: JSON.parse(finding.user),
        session: JSON.parse(finding.session),
        ...(finding.data && { data: JSON.parse(finding.data) }),
        setCookies: lines,
      };
    } catch {
      return answer("unavailable");
    }
  }

  /** The refusal of an answer whose session no request would be known by: without it, signing in would lead to itself. */
  function misnamedIn({ method, url }: Request, lines: string[]): Error | undefined {
    if (lines.length === 0) return undefined;
    const name = callWasm(() => binding.misnamed(method, url, lines, Date.now()));
    if (name === undefined) return undefined;
    try {
      callWasm((m) => m.sessionMisnamed());
      return undefined;
    } catch (thrown) {
      const hint = `the authentication backend set the cookie ${JSON.stringify(name)}, and authBackend's option \`cookie\` is ${JSON.stringify(cookieName)}`;
      return withHeaders(withNames(thrown as Error, { cookie: name, hint }), headersFor("session"));
    }
  }

  /** Forgets the sessions of the users whom a request or its answer names; whether it named any. */
  function forget(named: string[], ends: boolean, since: number): boolean {
    for (let i = 0; i + 1 < named.length; i += 2) {
      const [kind, who] = named.slice(i) as [string, string];
      if (kind === "id") {
        cache.dropUser(who);
        if (ends) cache.end({ user: who }, since);
      } else if (kind === "email") {
        cache.dropEmail(who);
        // Whose that is, nobody may have asked yet.
        if (ends) cache.end({ all: true }, since);
      } else {
        const handles = callWasm((m) => m.tokenHandles(who));
        cache.drop(handles);
        if (ends) cache.end({ handles }, since);
      }
    }
    return named.length > 0;
  }

  /** Forgets the sessions of the user who has just been signed in. */
  async function forgetArrival(request: Request, platform: unknown, backend: string, lines: string[]) {
    const cookie = callWasm(() => binding.arrived(lines, Date.now()));
    if (cookie === undefined) return;
    const made = new Request(request.url, { headers: { cookie } });
    linkOriginal(made, request);
    const { id } = await ask(made, platform, backend);
    if (id === undefined) cache.clear();
    else cache.dropUser(id);
  }

  const handler = answering({ name: "authBackend", onError }, async (request, platform) => {
    try {
      return await answerTo(request, platform);
    } finally {
      // Who has the answer finds it true on every instance.
      await cache.told();
    }
  });

  async function answerTo(request: Request, platform?: unknown): Promise<Response> {
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
      target = callWasm(() => binding.admit(backend, method, url, ...sender));
      headers = headersOf(request, platform, false);
    } catch (thrown) {
      if (callWasm(() => binding.isFormPost(method, url, contentType, ...sender))) return formPost(request);
      const wrongMethod = (thrown as { status?: number }).status === 405;
      throw wrongMethod ? withHeaders(thrown, { allow: binding.allow(url) }) : thrown;
    }
    // A token that nobody can end is forgotten by the browser.
    if (options.session === "jwt" && options.paths?.signOut === undefined && binding.allow(url) === "POST") {
      return signedOut(clearing(request, request.headers.get("cookie") ?? "", true));
    }
    const refused: Refused = (status, body) =>
      method === "HEAD" ? undefined : callWasm(() => binding.refusal(url, status, body));
    const detour = callWasm(() => binding.detour(method, url));
    if (detour === SHOW_LINK) return showLink(url, options.pages?.magicLink, method === "HEAD");
    for (const [name, value] of request.headers) if (passesToBackend(name)) headers.set(name, value);
    let body: Bytes | string | undefined;
    if (request.body) {
      body = await readBody(request, bodyLimit);
    }
    let verb = method;
    if (detour === USE_LINK) {
      target = callWasm(() => binding.useLink(backend, contentType, asText(body)));
      verb = "GET";
      body = undefined;
      headers.delete("content-type");
    }
    const sentText = body === undefined ? "" : asText(body);
    if (detour === REVOKE) {
      let wanted: string[] | undefined;
      try {
        wanted = callWasm(() => binding.wanted(backend, url, contentType, sentText)) as string[] | undefined;
      } catch (thrown) {
        throw withHeaders(thrown, headersFor("session"));
      }
      if (wanted) {
        const found = await bodyOf(request, platform, backend, wanted, refused);
        if (typeof found !== "string") return found;
        body = found;
        headers.set("content-type", "application/json");
      }
    }

    const cookie = request.headers.get("cookie") ?? "";
    const handles = callWasm(() => binding.handles(cookie));
    const since = Date.now();
    // Once it is done, the cookie may say nobody any more: whose sessions end is asked before.
    const may = callWasm(() => binding.effect(method, url, true)) % ENDS;
    const before = may === USER || may === ARRIVAL ? await getSession(request, platform) : undefined;
    const user = before?.user?.id;
    const settle = (succeeded: boolean) => {
      const effect = callWasm(() => binding.effect(method, url, succeeded));
      const [reach, ends] = [effect % ENDS, effect >= ENDS];
      if (reach === 0) return;
      cache.drop(handles);
      if (reach === OWN) {
        if (ends) cache.end({ handles }, since);
        return;
      }
      const sent = [sentText, ...(typeof body === "string" && body !== sentText ? [body] : [])];
      const type = sent.length > 1 ? "application/json" : contentType;
      const named = sent.flatMap((text) => callWasm(() => binding.named(url, type, text)));
      const known = forget(named, ends, since);
      // Where nobody could tell whose sessions these are, none is known any more.
      const unknown = before?.status === "unavailable" || before?.status === "rejected";
      if ((reach === ANYONE && !known) || (reach !== ANYONE && unknown)) {
        cache.clear();
        if (ends) cache.end({ all: true }, since);
      } else if (user !== undefined) forget(["id", user], ends, since);
    };

    const init: RequestInit = { method: verb, headers };
    if (body !== undefined) init.body = body;
    return reach(request, target, init, platform, async (first, signal) => {
      const response = await renewed(first, signal);
      if (response === undefined || response.status >= 500) {
        // It may have done what it was asked all the same.
        settle(false);
        return nobody(request, response);
      }
      const location = response.headers.get("location") ?? undefined;
      const succeeded = callWasm((m) => m.backendSucceeded(response.status, location));
      settle(succeeded);
      const misnamed = succeeded ? misnamedIn(request, linesOf(request, response.headers)) : undefined;
      if (misnamed) {
        await response.body?.cancel().catch(() => {});
        throw misnamed;
      }
      const lines = [...(before?.setCookies ?? []), ...handlerLines(response, succeeded)];
      if (succeeded && may === ARRIVAL) await forgetArrival(request, platform, backend, lines);
      const page = await toPage(response, backend, target, lines, refused, (answered) => {
        const reads = method === "GET" || method === "HEAD";
        if (succeeded && !reads && may !== 0)
          forget(
            callWasm((m) => m.usersNamed(answered)),
            false,
            since,
          );
      });
      return detour === USE_LINK ? afterLink(page, contentType) : page;
    });

    /** A session that the backend renews by POST only is renewed, where the page asks whose it is. */
    async function renewed(response: Response | undefined, signal: AbortSignal) {
      if (response?.status !== 200 || method !== "GET" || !callWasm(() => binding.looks(method, url, true)))
        return response;
      const said = (await read(response)) ?? "";
      const wants = callWasm((m) => m.readSessionAnswer(200, said, Date.now(), 0)).at(-1) === "1";
      const init = { method: "POST", headers, redirect: "manual", signal } as const;
      const again = wants
        ? await (async () => call(target, init, platform))().catch(() => undefined)
        : undefined;
      if (again?.ok) return again;
      await again?.body?.cancel().catch(() => {});
      return new Response(said, { status: 200, headers: response.headers });
    }

    /** The backend's lines that may reach the browser, and what has to go with them. */
    function handlerLines(response: Response, succeeded: boolean): string[] {
      const now = Date.now();
      const all = linesOf(request, response.headers);
      const ends = callWasm(() => binding.clears(method, url, succeeded));
      const navigation = navigates(request);
      const looks = callWasm(() => binding.looks(method, url, navigation));
      const late = cache.isLate(handles, now);
      const lines = callWasm(() => binding.passing(all, cookie, ends || navigation, looks, late, now));
      if (looks) return lines;
      if (callWasm(() => binding.replaces(lines, cookie, now))) {
        const arrived = callWasm(() => binding.arrived(lines, now)) ?? "";
        cache.replace(
          handles,
          callWasm(() => binding.handles(arrived)),
          now,
        );
      }
      // What stands beside the own cookie would be left alone with the browser, or make the new one count for nothing.
      const doubled = ends && callWasm(() => binding.key(cookie)) === "";
      return doubled ? [...clearing(request, cookie), ...lines] : lines;
    }
  }

  /** The backend's body that names the session which a page names by its identifier; or the answer, where it cannot. */
  async function bodyOf(
    request: Request,
    platform: unknown,
    backend: string,
    [id, url, member, list]: string[],
    refused: Refused,
  ): Promise<string | Response> {
    const headers = headersOf(request, platform, true);
    if (list !== undefined) headers.set("content-type", "application/json");
    const init = list === undefined ? { headers } : { method: "POST", headers, body: list };
    return reach(request, url as string, init, platform, async (response) => {
      if (response === undefined || response.status >= 500) return nobody(request, response);
      if (!response.ok) {
        const lines = passing(
          request,
          request.headers.get("cookie") ?? "",
          linesOf(request, response.headers),
        );
        return toPage(response, backend, url as string, lines, refused);
      }
      const said = (await read(response)) ?? "";
      // What is no list of theirs has no session of theirs.
      return callWasm((m) => m.sessionBody(said, id as string, member as string)) ?? unknownSession(refused);
    });
  }

  /** Leads on what an OAuth provider's page POSTs: no backend hears of it, and no cookie is read. */
  async function formPost(request: Request): Promise<Response> {
    const limit = Math.min(
      bodyLimit,
      callWasm((m) => m.formPostLimit()),
    );
    const body = request.body ? await readBody(request, limit) : new Uint8Array();
    const headers = {
      location: callWasm(() => binding.formPost(request.url, asText(body))),
      ...headersFor("lead-on"),
    };
    return new Response(null, { status: 303, headers });
  }

  /**
   * Sends a request for a visitor, and reads the answer: nothing if there is none in time, or nobody who waits for it. The
   * time is over once the answer is read: what is read whole has to be there by then, and what is streamed takes its own.
   */
  async function reach<T>(
    request: Request,
    target: string,
    init: RequestInit,
    platform: unknown,
    read: (response: Response | undefined, signal: AbortSignal) => Promise<T>,
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
      const asked = async () => call(target, { ...init, redirect: "manual", signal }, platform);
      let cause: unknown;
      const response = await asked().catch((thrown: unknown) => {
        cause = thrown;
        return undefined;
      });
      try {
        return await read(response, signal);
      } catch (thrown) {
        throw cause === undefined ? thrown : withCause(thrown, cause);
      }
    } finally {
      clearTimeout(clock);
    }
  }

  return {
    basePath: basePath.replace(/\/$/, ""),
    ...(own && { origin: own.origin }),
    handler,
    getSession,
    purge(what) {
      purge(what);
      void cache.told();
    },
    revocations: answering(
      { name: "authBackend", onError, headers: headersFor("session-error") },
      async (request) => {
        if (readRevocation === undefined)
          throw new TypeError("authBackend: revocations needs revocationSecret");
        const { ends, named, since } = await readRevocation(request);
        forget(named, ends, since);
        await cache.told();
        return taken();
      },
    ),
  };

  function purge(what: unknown): void {
    if (what === undefined) cache.clear();
    else if (typeof what === "string") forget(["token", what], true, Date.now());
    else {
      const { userId, ...others } = Object(what) as { userId?: unknown };
      if (typeof userId !== "string" || userId === "" || Object.keys(others).length > 0)
        throw new TypeError("what is purged must be a token, { userId: string } or nothing at all");
      forget(["id", userId], true, Date.now());
    }
  }
}

/** The body of a refusal: what the backend says in JSON, if anything, and our own name for it; none in answer to HEAD. */
type Refused = (status: number, body: string) => string | undefined;

type Bytes = Uint8Array<ArrayBuffer>;
type ByteStream = ReadableStream<Bytes>;

/** What is found where a backend does not answer. */
const NOBODY_CAN_TELL: Finding = {
  status: "unavailable",
  email: "",
  expires: 0,
  began: 0,
  wantsRenewal: false,
  user: "null",
  session: "null",
  data: "",
  lines: [],
};

/** Whether a request loads a document that a visitor goes to. */
function navigates({ headers }: Request): boolean {
  const said = (name: string) => headers.get(name) ?? undefined;
  return callWasm((m) =>
    m.loadsDocument(said("sec-fetch-mode"), said("sec-fetch-dest"), said("sec-purpose"), said("accept")),
  );
}

function answer(status: SessionAnswer["status"], setCookies: string[] = []): SessionAnswer {
  return { status, user: null, session: null, setCookies };
}

/** The answer where the backend gave none, or one that is none. */
async function nobody(request: Request, response?: Response): Promise<never> {
  await response?.body?.cancel().catch(() => {});
  throw request.signal.aborted ? broke("client-gone") : away();
}

/** @throws HttpOnlyError for a body that is too large or breaks off */
async function readBody(request: Request, limit: number): Promise<Bytes> {
  let body: Bytes | undefined;
  try {
    body = await readWithin(request.body as ByteStream, limit);
  } catch (thrown) {
    throw broke(isTooLarge(thrown) ? "body-too-large" : "client-gone", thrown);
  }
  if (!body) throw broke("body-too-large");
  return body;
}

/** The store, encrypted. Backends that differ in what their sessions mean see nothing of each other. */
function sealedStoreOf(options: AuthBackendOptions, basePath: string): Store | undefined {
  const { store, secret, localTtl, url, cookie, cookies, paths, domain } = options;
  if (store === undefined) {
    if (secret !== undefined || localTtl !== undefined)
      throw new TypeError("authBackend: secret and localTtl are about a store, and there is none");
    return undefined;
  }
  const declared = [typeof url === "string" ? url : "", cookie, cookies, paths, domain, basePath];
  return sealedStore(checkStore("authBackend: store", store), secret, `sessions ${JSON.stringify(declared)}`);
}

/** Options as an app declared them, own ones only. */
function readOptions(given: AuthBackendOptions): AuthBackendOptions {
  const options = ownOptions("authBackend", given, NAMES);
  const { pages, paths } = options;
  if (pages !== undefined) options.pages = ownOptions("authBackend: pages", pages, { magicLink: true });
  if (paths !== undefined)
    options.paths = ownOptions("authBackend: paths", paths, { getSession: true, signOut: true });
  for (const name of ["fetch", "claims", "clientAddress", "onError"] as const)
    ownFunction(`authBackend: ${name}`, options[name] as unknown);
  return options;
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
  const headers = new Headers(headersFor("session"));
  for (const line of lines) headers.append("set-cookie", line);
  return Response.json({ success: true }, { headers });
}

/** The answer for a session that is not in the user's list, in the backend's own shape. */
function unknownSession(refused: Refused): Response {
  const body = { code: "SESSION_NOT_FOUND", message: "there is no such session" };
  const headers = { ...headersFor("session-error"), "content-type": "application/json" };
  return new Response(refused(404, JSON.stringify(body)) ?? null, { status: 404, headers });
}

/** A body as text; what is no UTF-8 is no text. */
function asText(body: Bytes | string | undefined): string {
  if (typeof body === "string") return body;
  try {
    return decodeUtf8(body ?? new Uint8Array());
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
    return bytes && decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** The refusal for a backend that has no answer: nothing of what it said, if it said anything. */
function away(cause?: unknown): Error {
  return withHeaders(broke("backend-away", cause), { ...headersFor("session"), "retry-after": RETRY_AFTER });
}

/** The backend's response as the page gets it. */
async function toPage(
  response: Response,
  backend: string,
  target: string,
  lines: string[],
  refused: Refused,
  heed: (body: string) => void = () => {},
): Promise<Response> {
  const { status } = response;
  const said = (name: string) => response.headers.get(name) ?? undefined;
  const headers = new Headers();
  for (const [name, value] of response.headers) if (passesToPage(name)) headers.append(name, value);
  for (const line of lines) headers.append("set-cookie", line);
  const location = said("location");
  if (location !== undefined) {
    const local = callWasm((m) => m.relocateRedirect(backend, target, location));
    if (local !== undefined) headers.set("location", local);
  }
  const retryAfter = callWasm((m) => m.retryAfter(said("retry-after"), said("x-retry-after"), Date.now()));
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  setHeaders(headers, "backend");

  let body: BodyInit | null = response.body;
  if (body && NULL_BODY.has(status)) {
    await response.body?.cancel();
    body = null;
  }
  const isJson = callWasm((m) => m.isJson(said("content-type")));
  let clean: string | undefined;
  if (body && isJson) {
    clean = await withoutTokens(body as ByteStream);
    // What cannot be read cannot be cleaned, and does not pass.
    if (clean === undefined) throw away();
    heed(clean);
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
    return bytes.length === 0 ? "" : callWasm((m) => m.withoutTokens(decodeUtf8(bytes)));
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
