/**
 * SvelteKit's shape around the handlers of `httponly/server`. It decides nothing: the handlers do.
 *
 * @module
 */

/** What this package reads of SvelteKit's `RequestEvent`. */
export interface RouteEvent {
  readonly request: Request;
  /** What the adapter adds: `{ req }` in adapter-node, bindings on edge platforms. */
  readonly platform?: unknown;
  getClientAddress(): string;
}

/** A handler of `httponly/server`: `cookieEndpoint(…)`, `apiProxy(…)`, or one of your own. */
export type RequestHandler = (request: Request, platform?: unknown) => Response | Promise<Response>;

/** One export of a `+server.ts`. */
export type RouteHandler = (event: RouteEvent) => Promise<Response>;

/** The exports of a `+server.ts`, one a method. */
export interface Route {
  readonly GET: RouteHandler;
  readonly HEAD: RouteHandler;
  readonly POST: RouteHandler;
  readonly PUT: RouteHandler;
  readonly PATCH: RouteHandler;
  readonly DELETE: RouteHandler;
  readonly OPTIONS: RouteHandler;
}

const addresses = new WeakMap<Request, () => string>();

/**
 * The client's address as the adapter knows it (in adapter-node: `ADDRESS_HEADER`, or the socket), for the option of
 * this name: `apiProxy({ clientAddress, … })`. Undefined for a request that no {@link route} passed on.
 */
export function clientAddress(request: Request): string | undefined {
  return addresses.get(request)?.();
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
