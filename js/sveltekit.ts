/**
 * SvelteKit's shape around the handlers of `httponly/server`. It decides nothing: the handlers do.
 *
 * @module
 */
import type { ActionFailure } from "@sveltejs/kit";
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
import { type BearerSource, refreshed, tokenLines } from "./server/bearer.ts";
import { type Guard, type GuardVerdict, guarded, withErrorPage } from "./server/guard.ts";
import { headersFor, setHeaders } from "./server/headers.ts";
import { keyCheck } from "./server/key-check.ts";
import { everyMethod, type Methods } from "./server/methods.ts";
import { ownFunction, ownOptions } from "./server/options.ts";
import { original } from "./server/original-request.ts";
import { apiProxy } from "./server/proxy/handler.ts";
import { ownProxyOptions, type ProxyOptions } from "./server/proxy/options.ts";
import { kitRoutes } from "./sveltekit-routes.ts";
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

/** What this package reads of SvelteKit's `RequestEvent`. */
export interface RouteEvent {
  readonly request: Request;
  /** What the adapter adds: `{ req }` in adapter-node, bindings on edge platforms. */
  readonly platform?: unknown;
  getClientAddress(): string;
}

/** What SvelteKit gives its `handleFetch` hook. */
export interface FetchInput {
  readonly event: RouteEvent & { readonly url: URL };
  readonly request: Request;
  readonly fetch: typeof fetch;
}

/** SvelteKit's `handleFetch` hook. */
export type HandleFetch = (input: FetchInput) => Promise<Response>;

/** What {@link sessionHandle} puts into `event.locals`: let your `App.Locals` extend it. */
export interface SessionLocals {
  /** The user's identifier; null for a visitor who is not signed in. */
  userId: string | null;
  user: User | null;
  session: Session | null;
  /**
   * Why there is no user, where there is none: `anonymous` may sign in; `unavailable` (the backend is away) and
   * `rejected` are answered with 503 and 403, and never with a redirect to a login page.
   */
  sessionStatus: SessionAnswer["status"];
  /** What the backend says beside user and session. */
  sessionData?: Record<string, unknown>;
}

/** What {@link sessionHandle} reads of SvelteKit's `RequestEvent`. */
export interface SessionEvent extends RouteEvent {
  readonly locals: object;
  readonly url: URL;
  readonly route: { readonly id: string | null };
  readonly params?: Readonly<Record<string, string | undefined>> | undefined;
  readonly isDataRequest: boolean;
  readonly isRemoteRequest?: boolean | undefined;
}

/** Options of {@link sessionHandle}. */
export interface SessionHandleOptions {
  /** Who may see what, by {@link guard}. */
  guard?: Guard | undefined;
  /**
   * Renews tokens before a page is made, so that what it loads finds new ones, and their cookies reach the browser also
   * where a `load` streams: the same `tokenRefresh(…)` as the targets have.
   */
  tokens?: BearerSource | undefined;
}

/** SvelteKit's `handle` hook. */
export type Handle = <E extends SessionEvent>(input: {
  event: E;
  resolve(event: E): Response | Promise<Response>;
}) => Promise<Response>;

/** A handler of `httponly/server`: `cookieEndpoint(…)`, `apiProxy(…)`, or one of your own. */
export type RequestHandler = (request: Request, platform?: unknown) => Response | Promise<Response>;

/** One export of a `+server.ts`. */
export type RouteHandler = (event: RouteEvent) => Promise<Response>;

/** The exports of a `+server.ts`, one a method. */
export type Route = Methods<RouteHandler>;

const addresses = new WeakMap<Request, () => string>();

/**
 * The client's address as the adapter knows it (in adapter-node: `ADDRESS_HEADER`, or the socket), for the option of
 * this name: `apiProxy({ clientAddress, … })`. Undefined for a request that no {@link route} passed on.
 */
export function clientAddress(request: Request): string | undefined {
  return addresses.get(original(request))?.();
}

/**
 * Mounts a handler in a `+server.ts`. Which methods it answers is the handler's own decision, so export them all: what
 * is not exported gets SvelteKit's 405 instead of the handler's typed one.
 *
 * ```ts
 * // src/routes/api/proxy/[...path]/+server.ts
 * import { apiProxy } from "httponly/server";
 * import { route } from "httponly/sveltekit";
 *
 * export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(
 *   apiProxy({ targets: { api: { url: "https://api.example.com", authorization: { bearer: "access_token" } } } }),
 * );
 * ```
 *
 * The request passes as it is, with its stream and its abort signal; `event.platform` passes to the handler's `url` and
 * `clientAddress` functions. A handler of your own makes its own Response: adapter-node adds a header to event streams,
 * and the headers of a Response that came straight from `fetch` are immutable.
 */
export function route(handler: RequestHandler): Route {
  const answer: RouteHandler = async (event) => {
    addresses.set(event.request, () => event.getClientAddress());
    return handler(event.request, event.platform);
  };
  return everyMethod(answer);
}

/** The lines of an action, by the request that it answers: {@link sessionHandle} puts them into the response. */
const lines = new WeakMap<Request, string[]>();

/**
 * The `handle` hook: puts the session into `event.locals`, and the session's `Set-Cookie` lines, byte for byte, into
 * the response. Compose it with hooks of your own by SvelteKit's `sequence`.
 *
 * It asks once for each request. With a `guard`, what that does not let through never reaches a page, a `load`, a form
 * action, an endpoint or a remote function; without one, they look at `locals`.
 *
 * ```ts
 * // src/hooks.server.ts
 * import { guard, sessionHandle } from "httponly/sveltekit";
 * import { auth } from "$lib/auth.server";
 *
 * export const handle = sessionHandle(auth, {
 *   guard: guard(
 *     { "(public)": "public", "(studio)": { role: ["creator", "admin"] }, "/login": "signed-out" },
 *     { otherwise: "signed-in" },
 *   ),
 * });
 * ```
 *
 * While the app is built, nobody is asked: a prerendered page is a file for everybody, so one that the guard closes to a
 * stranger fails the build.
 *
 * A response that sets a cookie becomes `Cache-Control: private, no-store`, and so does one for a signed-in user that
 * says nothing of caches; every response varies by `Cookie`.
 */
export function sessionHandle(
  auth: Pick<Auth<object, object>, "getSession"> & Partial<Pick<Auth, "basePath">>,
  given: SessionHandleOptions = {},
): Handle {
  const { guard, tokens } = ownOptions("sessionHandle", given, { guard: true, tokens: true });
  ownFunction("sessionHandle: tokens", tokens);
  const base = appBase();
  const check = guard && keyCheck(guard, kitRoutes, leads);
  void base.then((base) => check?.log(base));
  return async ({ event, resolve }) => {
    const { request } = event;
    const below = await base;
    await check?.enforce(below);
    if (isShell(event)) return built(event, resolve, undefined, below, auth.basePath);
    if (isBuilding(event)) return built(event, resolve, guard, below, auth.basePath);
    addresses.set(request, () => event.getClientAddress());
    const answer = (await auth.getSession(request, event.platform)) as SessionAnswer;
    const { status, user, session, data, setCookies } = answer;
    const locals: SessionLocals = {
      userId: user?.id ?? null,
      user,
      session,
      sessionStatus: status,
      ...(data && { sessionData: data }),
    };
    Object.assign(event.locals, locals);
    if (guard) {
      const action = isEnhanced(event);
      const verdict = guard.decide({
        ...placeOf(event, below, auth.basePath),
        search: event.url.search,
        page: event.isRemoteRequest ? false : event.isDataRequest || action || undefined,
        remote: isRemote(event),
        session: answer,
      });
      const kept = guarded(verdict, setCookies);
      if (kept) return asKitReads(event, verdict, kept) ?? withErrorPage(guard, verdict, request, kept);
    }
    const ofAction: string[] = [];
    lines.set(request, ofAction);
    if (isPage(event)) ofAction.push(...(await refreshed(tokens, request, event.platform)));
    const made = await resolve(event);
    // The headers of a response that came from `fetch` are immutable.
    const response = new Response(made.body, made);
    const { headers } = response;
    // What an action did is younger: a cookie that was dead is cleared before another takes its place.
    for (const line of [...setCookies, ...ofAction]) headers.append("set-cookie", line);
    const caching = callWasm((m) =>
      m.sessionCacheControl(
        headers.has("set-cookie"),
        status === "authenticated",
        headers.get("cache-control") ?? undefined,
      ),
    );
    if (caching !== undefined) headers.set("cache-control", caching);
    headers.append("vary", "Cookie");
    return response;
  };
}

/** The path below which the app lies, as SvelteKit's build knows it; empty where nothing is built by SvelteKit. */
async function appBase(): Promise<string> {
  try {
    // SvelteKit 3 has no `base`; its `resolve` answers with the base before the path.
    const paths: { base?: string; resolve?(path: string): string } = await import("$app/paths");
    const root = paths.base ?? paths.resolve?.("/") ?? "";
    return root.startsWith("/") ? root.replace(/\/$/, "") : "";
  } catch {
    return "";
  }
}

/** Whether SvelteKit's own router knows a path, which knows what its matchers take; yes where it cannot be asked. */
async function leads(path: string): Promise<boolean> {
  try {
    const { match }: { match?(path: string): Promise<unknown> } = await import("$app/paths");
    return match === undefined || (await match(path)) !== null;
  } catch {
    return true;
  }
}

/** The part of a visit that SvelteKit's router knows. */
function placeOf({ request, url, route, params }: SessionEvent, base: string, basePath = BASE_PATH) {
  return { request, path: url.pathname, route: route.id, params, base, basePath };
}

/** Whether a page is made into a file: SvelteKit lets nobody read the query then. */
function isBuilding({ url }: SessionEvent): boolean {
  try {
    return url.search === undefined;
  } catch {
    return true;
  }
}

/** Whether the page without content is built that a static host shows for every path. While building there is no client. */
function isShell(event: SessionEvent): boolean {
  if (event.route.id !== null || event.url.pathname !== "/[fallback]") return false;
  try {
    event.getClientAddress();
    return false;
  } catch (thrown) {
    return thrown instanceof Error && thrown.message.includes("prerendering");
  }
}

/** A page while the app is built: nobody's, and for everybody. */
async function built<E extends SessionEvent>(
  event: E,
  resolve: (event: E) => Response | Promise<Response>,
  guard: Guard | undefined,
  base: string,
  basePath: string | undefined,
): Promise<Response> {
  const nobody: SessionLocals = { userId: null, user: null, session: null, sessionStatus: "anonymous" };
  Object.assign(event.locals, nobody);
  const response = await resolve(event);
  // What is not prerendered is 204 here, and a remote function of the build says itself that it is for everybody.
  if (!guard || event.isRemoteRequest || response.status === 204 || response.status >= 400) return response;
  const session = { status: "anonymous", user: null } as const;
  const verdict = guard.decide({ ...placeOf(event, base, basePath), search: "", page: false, session });
  if (verdict.kind !== "pass")
    throw new TypeError(
      `${event.url.pathname} is prerendered, a file for everybody, and the guard closes it: open it in the table, or let the route have \`prerender = false\``,
    );
  return response;
}

/**
 * Whether a remote function is called. A form without JavaScript calls one at any page that there is: `?/remote=` names it.
 */
function isRemote({ request, url, isRemoteRequest }: SessionEvent): boolean {
  return isRemoteRequest === true || (request.method === "POST" && url.searchParams.has("/remote"));
}

/** Whether a page is to be shown, or the data of one. */
function isPage({ request, isDataRequest }: SessionEvent): boolean {
  const said = (name: string) => request.headers.get(name) ?? undefined;
  return (
    isDataRequest ||
    callWasm((m) =>
      m.loadsDocument(said("sec-fetch-mode"), said("sec-fetch-dest"), said("sec-purpose"), said("accept")),
    )
  );
}

/** Whether SvelteKit's `enhance` sent a form. */
function isEnhanced({ request }: SessionEvent): boolean {
  return request.method === "POST" && request.headers.get("x-sveltekit-action") === "true";
}

/** A guard's response in the shape in which SvelteKit's own page functions read it, where these do. */
function asKitReads(event: SessionEvent, verdict: GuardVerdict, response: Response): Response | undefined {
  const enhanced = isEnhanced(event);
  if (verdict.kind === "pass" || (!event.isDataRequest && !enhanced && !event.isRemoteRequest))
    return undefined;
  const headers = new Headers(response.headers);
  headers.set("content-type", "application/json");
  for (const name of Object.keys(headersFor("guard-page"))) headers.delete(name);
  setHeaders(headers, "session-error");
  if (verdict.kind === "redirect") {
    headers.delete("location");
    const { location } = verdict;
    return Response.json({ type: "redirect", status: 303, location }, { headers });
  }
  const { status, error } = verdict;
  const body = event.isDataRequest ? { message: error.message, error } : { type: "error", status, error };
  return Response.json(body, { status, headers });
}

/** What {@link accountActions} read of SvelteKit's `RequestEvent`. */
export interface ActionEvent extends RouteEvent {
  readonly url: URL;
}

/** What a form's page gets as `form` where a flow did not work. */
export interface AccountFailure {
  /** The flow: a page may hold several forms. */
  flow: Flow;
  error: FlowError;
  /** What the form shows again: neither passwords nor tokens. */
  values: Record<string, string>;
}

/** What a form's page gets as `form` where a flow worked and the visitor stays. */
export interface AccountNotice {
  flow: Flow;
  notice: Notice | null;
}

/** A form action. */
export type AccountAction = (event: ActionEvent) => Promise<AccountNotice | ActionFailure<AccountFailure>>;

/** Options of {@link accountActions}. */
export interface AccountOptions {
  pages?: AccountPages | undefined;
}

/**
 * The form actions of an account, which work without JavaScript and with `enhance`. They need {@link sessionHandle} in
 * `hooks.server.ts`, which puts their cookies into the response.
 *
 * ```ts
 * // src/routes/login/+page.server.ts
 * import { accountActions } from "httponly/sveltekit";
 * import { auth } from "$lib/auth.server";
 *
 * const { signin, sendMagicLink } = accountActions(auth);
 * export const actions = { signin, sendMagicLink };
 * ```
 * ```svelte
 * <form method="POST" action="?/signin" use:enhance>
 *   <input name="email" type="email" defaultValue={form?.values?.email ?? ""} />
 *   <input name="password" type="password" />
 * </form>
 * ```
 *
 * Success redirects by 303, or gives `form` a `notice`; failure gives it `error` and `values`, with the error's status.
 * {@link Flow} lists the fields.
 */
export function accountActions(
  auth: Auth<object, object>,
  options: AccountOptions = {},
): Record<Flow, AccountAction> {
  const pages = ownPages(options);
  const base = appBase();
  const action = (flow: Flow): AccountAction => {
    return async (event) => {
      const { request, platform } = event;
      const ofAction = lines.get(request);
      if (!ofAction)
        throw new TypeError("accountActions needs sessionHandle(auth) of httponly/sveltekit in hooks.server");
      addresses.set(request, () => event.getClientAddress());
      // A body that is no form has no fields, and the flow says which it lacks.
      const fields = await request.formData().catch(() => new FormData());
      const answer = await runFlow(auth, flow, {
        request,
        fields,
        platform,
        pages: belowBase(pages, await base),
      });
      ofAction.push(...answer.setCookies);
      // Only actions need SvelteKit itself, so this module loads without it.
      const { fail, redirect } = await import("@sveltejs/kit");
      if (!answer.ok) return fail(answer.status, { flow, error: answer.error, values: answer.values });
      if (answer.location !== null) return redirect(303, answer.location);
      return { flow, notice: answer.notice };
    };
  };
  return Object.fromEntries(FLOWS.map((flow) => [flow, action(flow)])) as Record<Flow, AccountAction>;
}

/** The pages below the app's base, the defaults among them. */
function belowBase(pages: AccountPages = {}, base: string): AccountPages {
  if (base === "") return pages;
  const defaults = {
    login: "/login",
    home: "/",
    signedOut: "/",
    verify: "/verify",
    reset: "/reset-password",
  };
  const all = { ...defaults, ...definedOf(pages) };
  const moved = Object.entries(all).map(([name, page]) => [
    name,
    typeof page === "string" ? callWasm((m) => m.inApp(page, base)) : page,
  ]);
  return Object.fromEntries(moved) as AccountPages;
}

function definedOf(pages: AccountPages): AccountPages {
  return Object.fromEntries(Object.entries(pages).filter(([, page]) => page !== undefined));
}

/**
 * The `handleFetch` hook: what a `load` fetches during SSR goes as it would go from the page.
 *
 * - A request to the own origin carries its proof, so that the proxy and the endpoint answer it.
 * - A request to a target, on whatever host, goes as through `apiProxy`: with the token from the visitor's cookie where
 *   the target declares `authorization`, with templates filled in where cookies are granted, without any other cookie,
 *   and with 401 and no call where the token is absent.
 * - Everything else is left to SvelteKit.
 *
 * ```ts
 * // src/hooks.server.ts
 * import { proxyHandleFetch } from "httponly/sveltekit";
 *
 * export const handleFetch = proxyHandleFetch({
 *   targets: { api: { url: "https://api.example.com", authorization: { bearer: "access_token" } } },
 * });
 * ```
 *
 * Give it the same options as `apiProxy`, so that both sides of the app reach the same targets. Here the address alone tells
 * them apart: the target with the longest path counts, and of two with one URL the first.
 *
 * @throws TypeError where `apiProxy` throws one
 */
export function proxyHandleFetch(options: ProxyOptions): HandleFetch {
  const proxy = apiProxy(options);
  const { mount, targets, origin: declared } = ownProxyOptions(options);
  return async ({ event, request, fetch }) => {
    const origin = declared ?? event.url.origin;
    const headers = new Headers(request.headers);
    headers.set("x-httponly", "1");
    const own = [origin, event.url.origin].includes(new URL(request.url).origin);
    if (own) return fetch(new Request(request, { headers }));

    const bases = targets.map(
      ([, { url }]) => new URL(typeof url === "function" ? url(event.request, event.platform) : url).href,
    );
    const owner = callWasm((m) => m.targetOwner(request.url, bases));
    const target = owner === undefined ? undefined : targets[owner];
    if (target === undefined) return fetch(request);
    headers.set("x-nordcraft-url", request.url);
    headers.set("x-nordcraft-templates-in-body", "true");
    // The visitor's own evidence, where a load passes it on, is not that of this request.
    for (const name of ["origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "sec-purpose"])
      headers.delete(name);
    headers.delete("cookie");
    const cookie = event.request.headers.get("cookie");
    if (cookie !== null) headers.set("cookie", cookie);
    const { method, body, signal } = request;
    const init: RequestInit & { duplex: "half" } = { method, headers, body, signal, duplex: "half" };
    const asked = new Request(`${origin}${mount}${target[0]}`, init);
    addresses.set(asked, () => event.getClientAddress());
    const answer = await proxy(asked, event.platform);
    const kept = lines.get(event.request);
    for (const line of tokenLines(answer)) if (!kept?.includes(line)) kept?.push(line);
    return answer;
  };
}
