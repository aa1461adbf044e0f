/**
 * What an app declares about its proxy.
 *
 * @module
 */
import { callWasm, declaredUrl, type ProxyBinding, type ServerModule } from "../../wasm/server.ts";
import type { BearerSource } from "../bearer.ts";
import { kindOf, type Names, ownFunction, ownOptions, ownTable } from "../options.ts";
import type { OnError } from "../refusal.ts";
import type { UpstreamFetch } from "../transport.ts";

/** Where requests may go, and what may go with them. */
export interface Target {
  /**
   * http(s) origin and path prefix, with neither query nor fragment. A function is asked for each request; never let
   * what it returns depend on anything that the client chose.
   */
  url: string | ((request: Request, platform?: unknown) => string);
  /**
   * Calls the upstream: a service binding, say, `(input, init, platform) => platform.env.API.fetch(input, init)`, where
   * `platform` is what the handler gets beside the request. By default the global `fetch`; in Node the connections below it,
   * which take the same agents and certificates (`setGlobalDispatcher`, `NODE_USE_ENV_PROXY`) and cost half.
   */
  fetch?: UpstreamFetch | undefined;
  /**
   * The cookies that templates may spend on this target; by default none. An API that echoes its input hands the
   * token over to the page: grant nothing to such an API.
   */
  cookies?: readonly string[] | undefined;
  /** Where templates are filled in; by default `["header"]`. With `"body"`, bodies are read whole and must be text. */
  templates?: readonly ("header" | "query" | "body")[] | undefined;
  /**
   * The cookie that is sent as `Authorization: Bearer`; it is found under its name with `__Host-` or `__Secure-` before it,
   * too, as servers on https name it. Or a function that gives the token: `tokenRefresh(…)`, say. Without one: 401, and no
   * call.
   */
  authorization?: { bearer: string | BearerSource } | undefined;
  /** Milliseconds from the last byte of the request's body to the upstream's headers; by default the proxy's. */
  timeout?: number | undefined;
  /**
   * Whether `%2F` and `%5C` may stand in a path, and pass as they are; default false, which refuses them. Some servers
   * take them for separators, so say so only of an upstream that does not.
   */
  encodedSlashes?: boolean | undefined;
  /** The methods allowed; by default GET, HEAD, POST, PUT, PATCH, DELETE. */
  methods?: readonly string[] | undefined;
  /**
   * Request headers to forward beyond `accept`, `accept-language`, `content-type`, `range`, `if-*` and
   * `last-event-id`. With `"header"` in {@link Target.templates}, templates in them are filled in.
   */
  forwardHeaders?: readonly string[] | undefined;
  /**
   * Request headers that the server sets, by name: a text, or a function that is asked for each request that may go,
   * and answers `undefined` for no header. What the page sends under such a name never passes, and the request needs
   * the proof of the own origin as if it spent a cookie.
   */
  headers?: Record<string, string | HeaderSource> | undefined;
  /**
   * Response cookies that may pass, by name, with the Domain and Path they get; by default none. They pass where the
   * request proves that the app's own origin sent it: no form and no image of another site signs anybody in.
   */
  setCookies?: Record<string, { domain?: string; path?: string }> | undefined;
  /**
   * Origins that the upstream's redirects may lead the browser to (`https://files.example.com`), beside the target itself,
   * whose addresses become those below the mount; by default none. Every other `Location` is dropped.
   */
  redirects?: readonly string[] | undefined;
  /**
   * What proves that a GET or HEAD which spends comes from the app: `fetch`, the default, takes the browser's word that a
   * script of the own origin fetches it; `header` also asks for `x-httponly: 1`, which the page has to send. Ask for it
   * where a GET of the API changes something: a `<link rel=preload as=fetch crossorigin>` in markup that somebody brought
   * into a page looks like a `fetch`, but cannot send a header.
   */
  proof?: "fetch" | "header" | undefined;
  /**
   * Loads of the app's own pages that may spend, by GET alone; by default none. With `["image"]`, `<img
   * src="/api/proxy/shop/avatar">` is sent with the token, from the own origin and from no other. With `"document"`, a
   * link of the app to a download is. Whoever can bring markup into a page can cause such a GET too, so use it for
   * targets whose GETs change nothing.
   */
  destinations?: readonly ("image" | "audio" | "video" | "track" | "font" | "document")[] | undefined;
  /**
   * Response headers that pass beyond those that always do: registered ones that are left out by default (`server`,
   * `timing-allow-origin`), and some that act on more than the response (`x-robots-tag`). None that the proxy sets itself.
   */
  responseHeaders?: readonly string[] | undefined;
}

/** Answers what a request header is to say: who is signed in, say. An `HttpOnlyError` becomes its response. */
export type HeaderSource = (
  request: Request,
  platform?: unknown,
) => string | undefined | Promise<string | undefined>;

/** What holds for all targets of a proxy. */
export interface ProxySettings {
  /** The path before the target; default `/api/proxy`. */
  mount?: string | undefined;
  /** Milliseconds from the last byte of the request's body to the upstream's headers; default 5000. Then 504. */
  timeout?: number | undefined;
  /** Milliseconds between two chunks of a response, after which it is broken off; by default as long as it takes. */
  idleTimeout?: number | undefined;
  /** Bytes that a request body may take: 413 beyond. By default 8 MiB if it is filled in, else without limit. */
  bodyLimit?: number | undefined;
  /** Milliseconds of silence in an event stream after which a comment is sent; by default never. */
  heartbeat?: number | undefined;
  /**
   * How often an idempotent request without a streamed body is sent again that got no answer; default 0. In Node, a
   * GET, HEAD or OPTIONS that met a kept connection which the upstream had just closed is sent again in any case.
   */
  retries?: number | undefined;
  /** The app's own origin, for servers behind TLS; by default that of `request.url`. */
  origin?: string | undefined;
  /** The client's address from a source that you trust: it becomes `X-Forwarded-For`. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
  /** Is told of every refusal and failure, with the target or cookie that it is about. */
  onError?: OnError | undefined;
}

/** Several targets, each under its name, or one that takes all of the mount. */
export type ProxyOptions = ProxySettings &
  ({ targets: Record<string, Target>; target?: never } | { target: Target; targets?: never });

/** Answers requests below the mount. */
export type ProxyHandler = (request: Request, platform?: unknown) => Promise<Response>;

const SETTINGS: Names<ProxySettings> = {
  mount: true,
  timeout: true,
  idleTimeout: true,
  bodyLimit: true,
  heartbeat: true,
  retries: true,
  origin: true,
  clientAddress: true,
  onError: true,
};
const OPTIONS: Names<ProxySettings & { targets?: unknown; target?: unknown }> = {
  ...SETTINGS,
  targets: true,
  target: true,
};
const TARGET: Names<Target> = {
  url: true,
  fetch: true,
  cookies: true,
  templates: true,
  authorization: true,
  timeout: true,
  encodedSlashes: true,
  methods: true,
  forwardHeaders: true,
  headers: true,
  setCookies: true,
  redirects: true,
  proof: true,
  destinations: true,
  responseHeaders: true,
};

const DEFAULT_TIMEOUT = 5000;
const DEFAULT_FILL_LIMIT = 8 * 1024 * 1024;

/** A declaration that was read and checked. */
export interface Declared {
  readonly binding: ProxyBinding;
  readonly targets: readonly DeclaredTarget[];
  /** Whether the URL of a target comes with each request. */
  readonly asksForUrl: boolean;
  readonly idleTimeout: number | undefined;
  readonly heartbeat: number | undefined;
  readonly retries: number;
  readonly bodyLimit: number | undefined;
  /** Bytes that a body takes at most that is filled in. */
  readonly fillLimit: number;
  readonly clientAddress: ProxySettings["clientAddress"];
  readonly onError: OnError | undefined;
}

/** A target, of which only the functions and clocks are left: the rest is known to the rules. */
export interface DeclaredTarget {
  readonly name: string;
  readonly url: Target["url"];
  readonly fetch: UpstreamFetch | undefined;
  readonly bearer: string | BearerSource | undefined;
  readonly headers: readonly [name: string, source: string | HeaderSource][];
  readonly timeout: number;
}

/** A proxy's own options, its targets by the path below the mount: for what goes around the proxy. */
export function ownProxyOptions(given: ProxyOptions) {
  const options = ownOptions(
    "apiProxy",
    given as ProxySettings & { targets?: unknown; target?: unknown },
    OPTIONS,
  );
  const targets = listTargets(options as { target?: Target; targets?: Record<string, Target> });
  return {
    mount: options.mount ?? "/api/proxy",
    origin: options.origin,
    targets: targets.map(([name, target]): [path: string, target: Target] => [name && `/${name}`, target]),
  };
}

/** @throws TypeError naming the mistake */
export function readOptions(given: ProxyOptions): Declared {
  const options = ownOptions(
    "apiProxy",
    given as ProxySettings & { targets?: unknown; target?: unknown },
    OPTIONS,
  );
  const timeout = milliseconds("timeout", options.timeout) ?? DEFAULT_TIMEOUT;
  const bodyLimit = count("bodyLimit", options.bodyLimit);
  const fillLimit = Math.min(bodyLimit ?? DEFAULT_FILL_LIMIT, 2 ** 32 - 1);
  const targets = listTargets(options as { target?: Target; targets?: Record<string, Target> });
  const declared = targets.map(([name, target]) => declare(name, target));
  const binding: ProxyBinding = callWasm(
    (m: ServerModule) =>
      new m.Proxy({
        mount: options.mount ?? "/api/proxy",
        origin: options.origin === undefined ? undefined : originOf(options.origin),
        bodyLimit: fillLimit,
        targets: declared,
      }),
  );
  return {
    binding,
    targets: targets.map(([name, { url, fetch, authorization, headers, timeout: own }]) => ({
      name,
      url,
      fetch: ownFunction(`${placeOf(name)}: fetch`, fetch),
      bearer: authorization?.bearer,
      headers: Object.entries(headers ?? {}),
      timeout: milliseconds(`${placeOf(name)}: timeout`, own) ?? timeout,
    })),
    asksForUrl: targets.some(([, { url }]) => typeof url === "function"),
    idleTimeout: milliseconds("idleTimeout", options.idleTimeout),
    heartbeat: milliseconds("heartbeat", options.heartbeat),
    retries: count("retries", options.retries) ?? 0,
    bodyLimit,
    fillLimit,
    clientAddress: ownFunction("apiProxy: clientAddress", options.clientAddress),
    onError: ownFunction("apiProxy: onError", options.onError),
  };
}

/** A target as the rules take it. */
function declare(name: string, target: Target): object {
  const { fetch: _, timeout: __, url, headers, authorization, ...rest } = target;
  const place = name ? `the url of target "${name}"` : "the target's url";
  const asks = typeof authorization?.bearer === "function";
  // Nothing behind it: what is absent here is not to be found in `Object.prototype`.
  return Object.assign(
    Object.create(null) as object,
    rest,
    asks ? { asksForBearer: true } : { authorization },
    {
      name,
      headers: Object.keys(headers ?? {}),
      url: typeof url === "function" ? undefined : declaredUrl(place, url).href,
    },
  );
}

function placeOf(name: string): string {
  return name ? `apiProxy: target "${name}"` : "apiProxy: the target";
}

function listTargets({
  target,
  targets,
}: {
  target?: Target;
  targets?: Record<string, Target>;
}): [name: string, target: Target][] {
  if ((target === undefined) === (targets === undefined)) {
    throw new TypeError("a proxy has either `target` or `targets`");
  }
  const list: [string, Target][] = target
    ? [["", target]]
    : Object.entries(ownTable("apiProxy: targets", targets ?? {}));
  return list.map(([name, given]) => {
    if (targets && name === "") throw new TypeError("a target has a name");
    const own = ownOptions(placeOf(name), given, TARGET);
    const { url, authorization, setCookies, headers } = own;
    if (typeof url !== "string" && typeof url !== "function") {
      throw new TypeError(`target "${name}": url is a string or a function, got ${kindOf(url)}`);
    }
    // What is not an object, the rules refuse with an example of one.
    if (typeof authorization === "object" && authorization !== null)
      own.authorization = ownOptions(`${placeOf(name)}: authorization`, authorization, { bearer: true });
    if (headers !== undefined) own.headers = ownTable(`${placeOf(name)}: headers`, headers);
    if (setCookies !== undefined) {
      const table = ownTable(`${placeOf(name)}: setCookies`, setCookies);
      for (const [cookie, attributes] of Object.entries(table))
        table[cookie] = ownOptions(`${placeOf(name)}: setCookies["${cookie}"]`, attributes, {
          domain: true,
          path: true,
        });
      own.setCookies = table;
    }
    return [name, own];
  });
}

function originOf(url: string): string {
  const { origin } = declaredUrl("origin", url);
  if (origin === "null") throw new TypeError(`origin "${url}" is not http or https`);
  return origin;
}

function milliseconds(name: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!(typeof value === "number" && value > 0 && value < 2 ** 31))
    throw new TypeError(`${name} is a number of milliseconds above 0`);
  return value;
}

function count(name: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${name} is a whole number, 0 or more`);
  return value;
}
