/**
 * Next.js' shape around the handlers of `httponly/server`: route handlers, sessions and cookies in server components and
 * server actions, the flows of an account, and `proxy.ts`. It decides nothing: the handlers and the rules do.
 *
 * @module
 */

import * as nextCache from "next/cache.js";
import { cookies, headers } from "next/headers.js";
import { type NextRequest, NextResponse } from "next/server.js";
import { cache } from "react";
import { nextRewrites, nextRoutes } from "./next-routes.ts";
import {
  type AccountPages,
  FLOWS,
  type Flow,
  type FlowError,
  type Notice,
  ownPages,
  runFlow,
} from "./server/account.ts";
import { type Auth, BASE_PATH, type Session, type SessionAnswer, type User } from "./server/auth/types.ts";
import { type BearerSource, refreshed } from "./server/bearer.ts";
import { parseSetCookie } from "./server/cookies.ts";
import { type Guard, type GuardVisit, guarded, withErrorPage } from "./server/guard.ts";
import { setHeaders } from "./server/headers.ts";
import { keyCheck } from "./server/key-check.ts";
import { everyMethod, type Methods } from "./server/methods.ts";
import { ownFunction, ownOptions } from "./server/options.ts";
import { refusal } from "./server/refusal.ts";
import { callWasm } from "./wasm/server.ts";

export {
  type Access,
  type AllowAnswer,
  type ErrorPage,
  type Guard,
  type GuardOptions,
  type GuardRefusal,
  guard,
  type Requirement,
} from "./server/guard.ts";

/** A handler of `httponly/server`: `cookieEndpoint(…)`, `apiProxy(…)`, or one of your own. */
export type RequestHandler = (request: Request, platform?: unknown) => Response | Promise<Response>;

/** One export of a `route.ts`. */
export type RouteHandler = (request: NextRequest, context: unknown) => Promise<Response>;

/** The exports of a `route.ts`, one a method. */
export type Route = Methods<RouteHandler>;

/** Options of {@link route}. */
export interface RouteOptions {
  /**
   * Headers from which the app's own origin is read, for one app under several hosts; both at once. Declare them only
   * where the proxy in front of Next replaces both in every request: Next passes on what a client sends. With one host,
   * give the handler its `origin` instead, which costs nothing.
   */
  originHeaders?: {
    /** `x-forwarded-proto`, say. */
    protocol: string;
    /** `x-forwarded-host`, say. */
    host: string;
  };
}

/**
 * Mounts a handler in a `route.ts`. Which methods it answers is the handler's own decision, so export them all.
 *
 * ```ts
 * // app/api/chatkit/[[...path]]/route.ts
 * import { route } from "httponly/next";
 * import { apiProxy } from "httponly/server";
 *
 * export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(
 *   apiProxy({
 *     mount: "/api/chatkit",
 *     origin: process.env.ORIGIN,
 *     target: { url: "https://api.example.com/chatkit", authorization: { bearer: "id_token" } },
 *   }),
 * );
 * ```
 *
 * The request passes with its stream and its abort signal, and Next's context (`params`) as the handler's `platform`.
 * `request.url` is what Next makes of it: under `next start` its host is that of `-H`, or `localhost`, and never the one
 * that the browser asked. So give the handlers their `origin` wherever the app is not opened under that address.
 */
export function route(handler: RequestHandler, options: RouteOptions = {}): Route {
  const { originHeaders } = ownOptions("route", options, { originHeaders: true });
  const answer: RouteHandler = async (request, context) => {
    if (!originHeaders) return handler(request, context);
    let moved: Request;
    try {
      moved = move(request, originHeaders);
    } catch (thrown) {
      return refusal(thrown);
    }
    return handler(moved, context);
  };
  return everyMethod(answer);
}

/** The request as it came to the proxy in front. */
function move(request: Request, names: { protocol: string; host: string }): Request {
  const protocol = request.headers.get(names.protocol) ?? "";
  const host = request.headers.get(names.host) ?? "";
  const declared = (host: string) => callWasm((m) => m.forwardedOrigin(protocol, host));
  // The platform's own parser has the last word.
  const { origin } = new URL(declared(URL.canParse(declared(host)) ? host : ""));
  const { pathname, search } = new URL(request.url);
  // Joined as texts: a path may begin with two slashes, and is no host for that.
  return new Request(origin + pathname + search, request);
}

/**
 * Makes the option `clientAddress` of the handlers: the address that the outermost of your own proxies saw, read from
 * `X-Forwarded-For`. Next shows its handlers no socket, and keeps what a client wrote into that header, so the number
 * of proxies in front of Next that append to it must be declared, and Next be reachable through them alone.
 *
 * @param options.trustProxy the number of proxies, 1 or more. Undefined is the address of a request that came past them
 * @throws TypeError if it is no such number
 * @example
 * ```ts
 * apiProxy({ clientAddress: clientAddress({ trustProxy: 1 }), … });
 * ```
 */
export function clientAddress(options: { trustProxy: number }): (request: Request) => string | undefined {
  const { trustProxy } = ownOptions("clientAddress", options, { trustProxy: true });
  if (!Number.isSafeInteger(trustProxy) || trustProxy < 1 || trustProxy > 255)
    throw new TypeError("trustProxy is a number of proxies: 1 or more");
  return (request) => {
    const forwardedFor = request.headers.get("x-forwarded-for");
    return forwardedFor === null ? undefined : callWasm((m) => m.forwardedClient(forwardedFor, trustProxy));
  };
}

/**
 * The `Cookie` header of the request that is being answered, in server components, server actions and route handlers:
 * with it `getCookie` gives the answer that it gives in the page. (Next's own `cookies()` decodes by rules of its own,
 * and the last of equal names wins there.)
 *
 * @example
 * ```tsx
 * import { getCookie } from "httponly";
 * import { requestCookies } from "httponly/next";
 *
 * export default async function Layout() {
 *   const theme = getCookie("theme", { cookies: await requestCookies() });
 * }
 * ```
 */
export async function requestCookies(): Promise<string> {
  return (await headers()).get("cookie") ?? "";
}

/**
 * Sets cookies from a server action, out of `Set-Cookie` lines as `serializeSetCookie` writes them and a backend sends
 * them: each reaches the browser byte for byte, several lines for one name as well. Lines that browsers ignore are left
 * out.
 *
 * Next lets an action write only through its own `cookies().set()`, which encodes values anew and knows only some
 * attributes. A line is handed over in pieces that come out of it as they were. Where there are no such pieces (no `=` is
 * followed by plain characters up to a `; Path=`, `; Domain=`, `; SameSite=` or the end: `id=a+b; Path=/`), it is written
 * as Next writes it: the same name, decoded value and known attributes. Next's `cookies()` shows what was set from the
 * next request on.
 *
 * In a server component it throws, as `cookies().set()` does: a page that is being rendered cannot set cookies.
 *
 * @example
 * ```ts
 * "use server";
 * export async function signin(form: FormData) {
 *   const { token, expires } = await askTheApi(form);
 *   await setCookies(serializeSetCookie("id_token", token, { httpOnly: true, secure: true, path: "/", expires }));
 * }
 * ```
 */
export async function setCookies(...lines: string[]): Promise<void> {
  const jar = await cookies();
  const taken = new Set<string>();
  for (const line of lines) {
    const cookie = parseSetCookie(line);
    if (cookie === null) continue;
    const pieces = piecesOf(line, taken);
    if (pieces) {
      taken.add(pieces.name);
      jar.set(pieces);
      continue;
    }
    const { name, value, sameSite, ...attributes } = cookie;
    jar.set(name, value, {
      ...attributes,
      ...(sameSite && { sameSite: sameSite.toLowerCase() as Lowercase<typeof sameSite> }),
    });
  }
}

type Pieces = Parameters<NextResponse["cookies"]["set"]>[0] & object;

/** Attributes that Next writes behind the value as they are, and what it writes before them. */
const SLOTS = [
  ["path", "; Path="],
  ["domain", "; Domain="],
  ["sameSite", "; SameSite="],
  ["priority", "; Priority="],
] as const;

/**
 * The line as arguments of `cookies().set()` that give it back byte for byte. Next writes `name=`, the encoded value and
 * a `; Attribute=`; so what is before some `=` is the name, what follows up to some attribute is a value that encoding
 * leaves alone, and the rest is that attribute. Cookies of one name replace each other, so no name may be taken.
 */
function piecesOf(line: string, taken: ReadonlySet<string>): Pieces | undefined {
  for (let at = line.lastIndexOf("="); at > 0; at = line.lastIndexOf("=", at - 1)) {
    const name = line.slice(0, at);
    if (taken.has(name)) continue;
    const rest = line.slice(at + 1);
    const candidates: Pieces[] = [{ name, value: rest, path: "" }];
    for (const [attribute, prefix] of SLOTS) {
      const end = rest.indexOf(prefix);
      const value = rest.slice(0, end);
      if (end >= 0)
        candidates.push({ name, value, path: "", [attribute]: rest.slice(end + prefix.length) } as Pieces);
    }
    const found = candidates.find((pieces) => written(pieces) === line);
    if (found) return found;
  }
  return undefined;
}

/** What Next makes of it: its own word, not what is known about it here. */
function written(pieces: Pieces): string | undefined {
  if (encodeURIComponent(pieces.value) !== pieces.value) return undefined;
  const response = new NextResponse();
  response.cookies.set(pieces);
  return response.headers.getSetCookie().join("\n");
}

/**
 * The request that is being answered, as far as Next shows it outside of route handlers: its headers. The path is not
 * among them.
 */
async function currentRequest(
  auth: Auth<object, object>,
  method: "GET" | "POST",
  path = "/",
): Promise<Request> {
  const sent = new Headers(await headers());
  const protocol = sent.get("x-forwarded-proto") === "https" ? "https" : "http";
  // Both are the client's word where the app declares no origin. A backend trusts no other origins than it knows.
  const host = `${protocol}://${sent.get("host") ?? ""}`;
  const origin = auth.origin ?? (URL.canParse(host) ? new URL(host).origin : "http://localhost");
  return new Request(new URL(path, origin), { method, headers: sent });
}

const answerOf = cache(async (auth: Auth<object, object>) => {
  const answer = await auth.getSession(await currentRequest(auth, "GET"));
  // Whoever hands the whole answer to a client component hands no token to the page.
  return Object.defineProperty(answer, "setCookies", { enumerable: false });
});

/**
 * Whose the request is that is being answered, in server components, server actions and route handlers. However many
 * components of a page ask, it is looked up once. It never throws.
 *
 * The answer comes from the backend by the cookies of the request; no header that a client sends says who it is. Its
 * `setCookies` are of use in a server action only ({@link setCookies}); on pages, {@link sessionProxy} sets them.
 *
 * @example
 * ```tsx
 * export default async function Layout({ children }: { children: ReactNode }) {
 *   const { user } = await session(auth);
 *   return <Menu user={user}>{children}</Menu>;
 * }
 * ```
 */
export function session<U extends object = User, S extends object = Session>(
  auth: Auth<U, S>,
): Promise<SessionAnswer<U, S>> {
  return answerOf(auth) as Promise<SessionAnswer<U, S>>;
}

/** What a server action of {@link accountActions} answers its form with: the state of `useActionState`. */
export interface State {
  /** Which flow it was; absent in the first state, `{}`. */
  flow?: Flow;
  /** What went wrong. */
  error?: FlowError;
  /** What the form shows again: neither passwords nor tokens. */
  values?: Record<string, string>;
  /** What to say when all went well and the visitor stays. */
  notice?: Notice;
}

/** The body of a server action, as `useActionState` calls it. */
export type AccountAction = (state: State, form: FormData) => Promise<State>;

/** Options of {@link accountActions}. */
export interface AccountActionsOptions {
  /** The pages between which the flows lead. */
  pages?: AccountPages | undefined;
}

/**
 * Every flow of an account as the body of a server action: `signin`, `signup`, `social`, `sendMagicLink`,
 * `useMagicLink`, `sendVerification`, `requestReset`, `resetPassword`, `signout`, `signoutEverywhere`, `revokeSession`,
 * `revokeOtherSessions`, `verifyTotp`, `sendOtp`, `verifyOtp`, `verifyBackupCode`. A `"use server"` file exports them; forms post to them, with JavaScript or without.
 *
 * The backend's cookies reach the browser as {@link setCookies} says. Where the flow leads elsewhere, the action
 * redirects; otherwise it answers with a {@link State}. No token and no password is in it.
 *
 * @example
 * ```ts
 * // app/actions.ts
 * "use server";
 * import { accountActions } from "httponly/next";
 * import { auth } from "../lib/auth";
 *
 * export const { signin, signout } = accountActions(auth, { pages: { home: "/library" } });
 * ```
 * ```tsx
 * const [state, action] = useActionState(signin, {});
 * <form action={action}>
 *   <input name="email" defaultValue={state.values?.email} /> <input name="password" type="password" />
 *   {state.error && <p role="alert">{state.error.message}</p>}
 * </form>
 * ```
 */
export function accountActions(
  auth: Auth<object, object>,
  options: AccountActionsOptions = {},
): Record<Flow, AccountAction> {
  const pages = ownPages(options);
  const action =
    (flow: Flow): AccountAction =>
    async (_, fields) => {
      const answer = await runFlow(auth, flow, {
        request: await currentRequest(auth, "POST"),
        fields,
        pages,
      });
      await setCookies(...answer.setCookies);
      if (!answer.ok) return { flow, error: answer.error, values: answer.values };
      if (answer.location !== null) {
        // Next knows which of its two navigations a module wants by this name alone; Node knows it with `.js` alone.
        // @ts-expect-error
        const { redirect } = await import("next/navigation");
        redirect(answer.location);
      }
      // The page shows the sessions that there are now.
      nextCache.refresh();
      return { flow, ...(answer.notice !== null && { notice: answer.notice }) };
    };
  return Object.fromEntries(FLOWS.map((flow) => [flow, action(flow)])) as Record<Flow, AccountAction>;
}

/**
 * For `proxy.ts`: lets the request go on to its page or route, sets cookies in the browser, and lets the page see them
 * in this very request, as if the browser had sent them. The `Set-Cookie` lines reach the browser byte for byte, every
 * line, in order.
 *
 * @param setCookies lines as a backend sends them: `response.headers.getSetCookie()`
 * @example
 * ```ts
 * // proxy.ts
 * export async function proxy(request: NextRequest) {
 *   const renewed = await renew(request);
 *   return nextWithCookies(request, renewed.headers.getSetCookie());
 * }
 * ```
 */
export function nextWithCookies(request: NextRequest, setCookies: readonly string[] = []): NextResponse {
  const onward = new Headers(request.headers);
  const { pathname } = new URL(request.url);
  const sent = onward.get("cookie") ?? "";
  const carried = callWasm((m) => m.carryCookies(sent, [...setCookies], pathname, Date.now()));
  if (carried === "") onward.delete("cookie");
  else onward.set("cookie", carried);
  const response = NextResponse.next({ request: { headers: onward } });
  for (const line of setCookies) response.headers.append("set-cookie", line);
  if (setCookies.length) setHeaders(response.headers, "private");
  return response;
}

/** Options of {@link sessionProxy}. */
export interface SessionProxyOptions {
  /** Who may see what. */
  guard?: Guard | undefined;
  /** Renews tokens, so that server components see new ones: the same `tokenRefresh(…)` as the targets have. */
  tokens?: BearerSource | undefined;
}

/**
 * For `proxy.ts`: asks whose the request is, lets the guard decide, sets what cookies the answer brings (renewed ones,
 * and those that clear a dead session) byte for byte, and shows them to the page in this very request.
 *
 * - Pages, their RSC payloads, route handlers and server actions are guarded alike, by the path that was asked for. Who
 *   opens a page is led to the login page; a `fetch` gets 401, and Next's router then opens the page.
 * - An action can be posted to any page of the app that knows it. So an action that is not for everybody asks
 *   {@link session} itself; those of {@link accountActions} leave it to the backend.
 * - The page learns nothing from headers of the request: {@link session} reads the cookies again, and the answer is
 *   known by then.
 * - The backend's own paths, below {@link Auth.basePath}, pass as they are: the handler there answers for them.
 *
 * @example
 * ```ts
 * // proxy.ts
 * import { guard, sessionProxy } from "httponly/next";
 * import { auth } from "./lib/auth";
 *
 * export const proxy = sessionProxy(auth, {
 *   guard: guard(
 *     { "/": "public", "/studio": { role: ["creator", "admin"] }, "/login": "signed-out" },
 *     { otherwise: "signed-in" },
 *   ),
 * });
 * export const config = { matcher: "/((?!_next/|favicon.ico).*)" };
 * ```
 */
export function sessionProxy(
  auth: Auth<object, object>,
  options: SessionProxyOptions = {},
): (request: NextRequest) => Promise<Response> {
  const { guard, tokens } = ownOptions("sessionProxy", options, { guard: true, tokens: true });
  ownFunction("sessionProxy: tokens", tokens);
  const check = guard && keyCheck(guard, nextRoutes);
  void check?.log("");
  let rewrites: ReturnType<typeof nextRewrites> | undefined;
  return async (request) => {
    await check?.enforce("");
    if (guard) rewrites ??= nextRewrites();
    const basePath = auth.basePath ?? BASE_PATH;
    const place = { ...placeOf(request, basePath), rewrites };
    if (callWasm((m) => m.isHandlerPath(place.path, basePath, place.base))) return nextWithCookies(request);
    const answer = (await auth.getSession(request)) as SessionAnswer;
    const verdict = guard?.decide({ ...place, session: answer }) ?? { kind: "pass" };
    const ended = guarded(verdict, answer.setCookies);
    if (guard && ended) {
      const shown = await withErrorPage(
        guard,
        verdict,
        request,
        inNext(request, ended, guard, answer, place),
      );
      if (shown.headers.has("x-middleware-rewrite") || shown.headers.has("x-middleware-next"))
        throw new TypeError("errorPage makes a page of its own: Next.js would answer a rewrite with 200");
      return shown;
    }
    const response = nextWithCookies(request, [...answer.setCookies, ...(await refreshed(tokens, request))]);
    // Next keeps this even for a page that it has rendered at build time, which a shared cache would keep.
    if (answer.status !== "anonymous") setHeaders(response.headers, "private");
    return response;
  };
}

/** The part of a visit that a request says: Next takes its `basePath` off the path. */
function placeOf(request: NextRequest, handler: string) {
  const { basePath: base, pathname, search } = request.nextUrl;
  return { request, path: base + pathname, search, base, basePath: handler };
}

/** Next takes no relative Location, and its router wants to be told in its own way where a server action leads. */
function inNext(
  request: NextRequest,
  ended: Response,
  guard: Guard,
  session: SessionAnswer,
  place: ReturnType<typeof placeOf> & Pick<GuardVisit, "rewrites">,
): Response {
  const location = ended.headers.get("location");
  if (location !== null) ended.headers.set("location", new URL(location, request.url).href);
  else if (request.headers.has("next-action")) {
    const instead = guard.decide({ ...place, session, page: true });
    if (instead?.kind === "redirect") ended.headers.set("x-action-redirect", `${instead.location};push`);
  }
  return ended;
}
