/**
 * Next.js' shape around the handlers of `httponly/server`: route handlers, cookies in server components and server
 * actions, and `proxy.ts`. It decides nothing: the handlers and the rules do.
 *
 * @module
 */

import { cookies, headers } from "next/headers.js";
import { type NextRequest, NextResponse } from "next/server.js";
import { parseSetCookie } from "./server/cookies.ts";
import { refusal } from "./server/refusal.ts";
import { rules } from "./wasm/server.ts";

/** A handler of `httponly/server`: `cookieEndpoint(…)`, `apiProxy(…)`, or one of your own. */
export type RequestHandler = (request: Request, platform?: unknown) => Response | Promise<Response>;

/** One export of a `route.ts`. */
export type RouteHandler = (request: NextRequest, context: unknown) => Promise<Response>;

/** The exports of a `route.ts`, one a method. */
export interface Route {
  readonly GET: RouteHandler;
  readonly HEAD: RouteHandler;
  readonly POST: RouteHandler;
  readonly PUT: RouteHandler;
  readonly PATCH: RouteHandler;
  readonly DELETE: RouteHandler;
  readonly OPTIONS: RouteHandler;
}

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
  const { originHeaders } = options;
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
  return {
    GET: answer,
    HEAD: answer,
    POST: answer,
    PUT: answer,
    PATCH: answer,
    DELETE: answer,
    OPTIONS: answer,
  };
}

/** The request as it came to the proxy in front. */
function move(request: Request, names: { protocol: string; host: string }): Request {
  const protocol = request.headers.get(names.protocol) ?? "";
  const host = request.headers.get(names.host) ?? "";
  const declared = (host: string) => rules((m) => m.forwardedOrigin(protocol, host));
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
  const { trustProxy } = options;
  if (!Number.isSafeInteger(trustProxy) || trustProxy < 1 || trustProxy > 255)
    throw new TypeError("trustProxy is a number of proxies: 1 or more");
  return (request) => {
    const forwardedFor = request.headers.get("x-forwarded-for");
    return forwardedFor === null ? undefined : rules((m) => m.forwardedClient(forwardedFor, trustProxy));
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
 * them. Next lets an action write only through its own `cookies().set()`, so name, attributes and the *decoded* value
 * arrive, but not every byte: Next encodes the value again with `encodeURIComponent`, drops attributes that it does not
 * know, and keeps the last of several lines for one name. Lines that browsers ignore are left out.
 *
 * Where the bytes count, answer with a Response of your own from a route handler, or use {@link passOn}: both keep
 * `Set-Cookie` lines as they are. In a server component it throws, as `cookies().set()` does: a page that is being
 * rendered cannot set cookies.
 *
 * @example
 * ```ts
 * "use server";
 * export async function signIn(form: FormData) {
 *   const { token, expires } = await askTheApi(form);
 *   await setCookies(serializeSetCookie("id_token", token, { httpOnly: true, secure: true, path: "/", expires }));
 * }
 * ```
 */
export async function setCookies(...lines: string[]): Promise<void> {
  const jar = await cookies();
  for (const line of lines) {
    const cookie = parseSetCookie(line);
    if (cookie === null) continue;
    const { name, value, sameSite, ...attributes } = cookie;
    jar.set(name, value, {
      ...attributes,
      ...(sameSite && { sameSite: sameSite.toLowerCase() as Lowercase<typeof sameSite> }),
    });
  }
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
 *   return passOn(request, renewed.headers.getSetCookie());
 * }
 * ```
 */
export function passOn(request: NextRequest, setCookies: readonly string[] = []): NextResponse {
  const onward = new Headers(request.headers);
  const { pathname } = new URL(request.url);
  const sent = onward.get("cookie") ?? "";
  const carried = rules((m) => m.carryCookies(sent, [...setCookies], pathname, Date.now()));
  if (carried === "") onward.delete("cookie");
  else onward.set("cookie", carried);
  const response = NextResponse.next({ request: { headers: onward } });
  for (const line of setCookies) response.headers.append("set-cookie", line);
  if (setCookies.length) response.headers.set("cache-control", "private, no-store");
  return response;
}
