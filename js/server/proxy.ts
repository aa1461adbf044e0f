/**
 * The proxy: a page calls its own server, which puts the token from an HttpOnly cookie where the API wants it.
 *
 * @module
 */
import type { Proxy as Door } from "../wasm/gen/server.js";
import { declaredUrl, rules, text } from "../wasm/server.ts";
import { memo } from "./memo.ts";
import { broken, refusal } from "./refusal.ts";
import { alarm, type Bytes, readWithin, watch, withHeartbeat } from "./stream.ts";
import { type Answer, fetching, type Running, transport, type Upload } from "./transport.ts";

/** Where requests may go, and what may go with them. */
export interface Target {
  /**
   * http(s) origin and path prefix, with neither query nor fragment. A function is asked for each request; never let
   * what it returns depend on anything that the client chose.
   */
  url: string | ((request: Request, platform?: unknown) => string);
  /**
   * Calls the upstream: a service binding, say. By default the global `fetch`; in Node the connections below it,
   * which take the same agents and certificates (`setGlobalDispatcher`, `NODE_USE_ENV_PROXY`) and cost half.
   */
  fetch?: typeof fetch | undefined;
  /**
   * The cookies that templates may spend on this target; by default none. An API that echoes its input hands the
   * token over to the page: grant nothing to such an API.
   */
  cookies?: readonly string[] | undefined;
  /** Where templates are filled in; by default `["header"]`. With `"body"`, bodies are read whole and must be text. */
  templates?: readonly ("header" | "query" | "body")[] | undefined;
  /** The cookie that is sent as `Authorization: Bearer`. Without it: 401, and no call. */
  authorization?: { bearer: string } | undefined;
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
}

/** Several targets, each under its name, or one that takes all of the mount. */
export type ProxyOptions = ProxySettings &
  ({ targets: Record<string, Target>; target?: never } | { target: Target; targets?: never });

/** Answers requests below the mount. */
export type ProxyHandler = (request: Request, platform?: unknown) => Promise<Response>;

const DEFAULT_TIMEOUT = 5000;
/** A body that says it is this small is sent whole: another stream around it would cost more than it saves. */
const SMALL_BODY = 64 * 1024;
const DEFAULT_FILL_LIMIT = 8 * 1024 * 1024;

// The doors' numbers: src/wasm/server/proxy.rs.
const SPENDS = 1;
const FILLS_BODY = 2;
const IDEMPOTENT = 4;
const BY_HEADER = 8;
const SETS = 16;
const KEEP = 1;
const JUDGE = 2;
const JUDGE_UNIQUE = 3;
const JUDGE_NAME = 4;

/** The header that the door adds to event streams only. */
const EVENTS_MARK = "x-accel-buffering";

/**
 * Makes a proxy to declared targets.
 *
 * A request that spends a cookie needs the proof that the app's own origin sent it. Errors are
 * `{ "error": { "code", "message" } }`: 400, 401, 403, 404, 405, 413, 502 or 504.
 *
 * @throws TypeError if the declaration has a mistake
 *
 * @example
 * ```ts
 * const proxy = apiProxy({
 *   targets: { api: { url: "https://api.example", authorization: { bearer: "access_token" } } },
 * });
 * // fetch("/api/proxy/api/me") in the page becomes GET https://api.example/me with Authorization.
 * ```
 */
export function apiProxy(options: ProxyOptions): ProxyHandler {
  const targets = listTargets(options);
  const timeout = milliseconds("timeout", options.timeout) ?? DEFAULT_TIMEOUT;
  const idleTimeout = milliseconds("idleTimeout", options.idleTimeout);
  const heartbeat = milliseconds("heartbeat", options.heartbeat);
  const retries = count("retries", options.retries) ?? 0;
  const bodyLimit = count("bodyLimit", options.bodyLimit);
  const fillLimit = Math.min(bodyLimit ?? DEFAULT_FILL_LIMIT, 2 ** 32 - 1);
  const { clientAddress } = options;
  const door: Door = rules(
    (m) =>
      new m.Proxy({
        mount: options.mount ?? "/api/proxy",
        origin: options.origin === undefined ? undefined : originOf(options.origin),
        bodyLimit: fillLimit,
        targets: targets.map(([name, { fetch: _, url, headers, ...rest }]) => ({
          ...rest,
          name,
          headers: Object.keys(headers ?? {}),
          url:
            typeof url === "function"
              ? undefined
              : declaredUrl(name ? `the url of target "${name}"` : "the target's url", url).href,
        })),
      }),
  );
  const asksForUrl = targets.some(([, { url }]) => typeof url === "function");
  const fates = targets.map((_, target) =>
    memo(512, (name) => rules(() => door.responseHeaderFate(target, name))),
  );
  const wants = memo(256, (name) => door.wants(name));
  const judge = (question: string) => {
    const [target, flags, ...head] = question.split("\n");
    return readPairs(rules(() => door.judge(Number(target), Number(flags), head.join("\n"))));
  };
  const judgeOften = memo(256, judge);

  return async (request, platform) => {
    const { method, url } = request;
    let base = "";
    let head: string;
    let plan: string[];
    try {
      if (asksForUrl) {
        const declared = targets[rules(() => door.find(url))]?.[1].url;
        // What is no URL is no target's either.
        if (typeof declared === "function") {
          const given = declared(request, platform);
          base = URL.canParse(given) ? new URL(given).href : "none";
        }
      }
      // Whatever it is made of, an address is one line of the head.
      const client = clientAddress?.(request, platform)?.replaceAll("\n", " ") ?? "";
      head = `${method}\n${url}\n${base}\n${client}`;
      for (const [name, value] of request.headers) if (wants(name)) head += `\n${name}\n${value}`;
      plan = rules(() => door.plan(head)).split("\n");
    } catch (thrown) {
      const allow = (thrown as { status?: number }).status === 405;
      return refusal(thrown, allow ? { allow: door.allow(url) } : undefined);
    }
    const target = Number(plan[0]);
    const upstreamUrl = plan[2] as string;
    let flags = Number(plan[1]);
    const headers: Record<string, string> = {};
    for (let i = 3; i < plan.length; i += 2) headers[plan[i] as string] = plan[i + 1] as string;

    const { headers: added, fetch: own } = (targets[target] as [string, Target])[1];
    if (added) {
      try {
        for (const [name, source] of Object.entries(added)) {
          const value = typeof source === "function" ? await source(request, platform) : source;
          if (value === undefined) continue;
          rules((m) => m.checkHeaderValue(text(`the header ${name}`, value)));
          headers[name] = value;
        }
      } catch (thrown) {
        return refusal(thrown);
      }
    }

    let running: Running | undefined;
    let failure: "timeout" | "too-large" | "gone" | undefined;
    const fail = (why: typeof failure) => {
      failure ??= why;
      running?.abort(new Error(why));
    };
    const declared = request.headers.get("content-length");
    const declaredLength = Number(declared ?? 0);
    let clock: ReturnType<typeof alarm> | undefined;
    const sent = request.body as ReadableStream<Bytes> | null;
    let payload: Bytes | Upload | undefined;
    if (sent) {
      if (bodyLimit !== undefined && declaredLength > bodyLimit) return broken("body-too-large");
      const fills = (flags & FILLS_BODY) !== 0;
      if (fills || (declaredLength > 0 && declaredLength <= SMALL_BODY)) {
        let bytes: Bytes | undefined;
        try {
          bytes = await readWithin(sent, fills ? fillLimit : declaredLength);
        } catch (error) {
          return isTooLarge(error) ? broken("body-too-large") : gone();
        }
        if (!bytes || bytes.length < declaredLength) return broken("body-too-large");
        payload = bytes;
        if (fills) {
          try {
            const filled = rules(() => door.fill(target, head, bytes)) as Bytes | undefined;
            if (filled) {
              flags |= SPENDS;
              payload = filled;
            }
          } catch (thrown) {
            return refusal(thrown);
          }
        }
      } else {
        let received = 0;
        const chunked = request.headers.get("transfer-encoding") !== null;
        payload = {
          stream: sent,
          length: chunked ? undefined : (declared ?? undefined),
          watcher: {
            // While the client is waited for, the upstream is not late.
            asked: () => clock?.pause(),
            passed(chunk) {
              clock?.arm();
              received += chunk.length;
              if (bodyLimit !== undefined && received > bodyLimit) fail("too-large");
            },
            // Next.js gives what fits into a limit of its own as if it were all, and only says so in its log.
            whole() {
              if (chunked || received >= declaredLength) return;
              fail("too-large");
              throw new Error("the body was cut");
            },
            failed: (error) => fail(isTooLarge(error) ? "too-large" : "gone"),
            ended: () => clock?.arm(),
          },
        };
      }
    }
    if (request.signal.aborted) return gone();
    request.signal.addEventListener("abort", () => fail("gone"), { once: true });
    clock = alarm(timeout, () => fail("timeout"));

    const send = own ? fetching(own) : transport();
    const call = { method, headers, body: payload };
    let upstream: Answer | undefined;
    const replayable = (flags & IDEMPOTENT) !== 0 && !(payload && "stream" in payload);
    for (let left = replayable ? retries : 0; !upstream; left--) {
      try {
        running = send(upstreamUrl, call);
        upstream = await running.answer;
      } catch {
        if (left > 0 && !failure) continue;
        clock.stop();
        if (failure === "gone") return gone();
        if (failure === "timeout") return broken("upstream-timeout");
        if (failure === "too-large") return broken("body-too-large");
        return broken("upstream-unreachable");
      }
    }
    clock.stop();

    const { status } = upstream;
    // Some servers send 999, of which no Response can be made.
    if (status > 599) {
      fail("gone");
      return broken("upstream-unreachable");
    }
    const fateOf = fates[target] as (name: string) => number;
    let unique = asksForUrl;
    let judged = "";
    const kept: [name: string, value: string][] = [];
    const copied = new Map<string, string>();
    for (const header of upstream.headers) {
      const [name, value] = header;
      const fate = fateOf(name);
      if (fate === KEEP) kept.push(header);
      else if (fate === JUDGE || fate === JUDGE_UNIQUE) judged += `\n${name}\n${value}`;
      else if (fate === JUDGE_NAME) judged += `\n${name}\n`;
      if (fate === JUDGE_UNIQUE) unique = true;
      if (fate !== KEEP) copied.set(name, value);
    }
    const question = `${target}\n${flags & (SPENDS | BY_HEADER | SETS)}\n${status}\n${unique ? upstreamUrl : ""}\n${base}${judged}`;
    const verdicts = (unique ? judge : judgeOften)(question);
    let body = upstream.body();
    if (body instanceof ReadableStream) {
      if (idleTimeout !== undefined) body = withIdleLimit(body, idleTimeout, running as Running);
      if (heartbeat !== undefined && verdicts.some(([name]) => name === EVENTS_MARK)) {
        body = withHeartbeat(body, heartbeat);
      }
    }
    const response = new Response(body, { status });
    const out = response.headers;
    for (const [name, value] of kept) out.append(name, value);
    for (const [name, value] of verdicts) {
      const mark = name[0];
      if (mark === "=") out.set(name.slice(1), copied.get(name.slice(1)) ?? "");
      else if (mark === "-") out.delete(name.slice(1));
      else out.append(name, value);
    }
    return response;
  };
}

/** Whether a body broke off because the server around the handler takes no more: SvelteKit's adapters say so. */
function isTooLarge(error: unknown): boolean {
  return (error as { status?: unknown } | undefined)?.status === 413;
}

/** The answer to a client that has left: nobody reads it, but logs show it. */
function gone(): Response {
  return new Response(null, { status: 499 });
}

/** A body that is broken off when the upstream says nothing for too long. */
function withIdleLimit(body: ReadableStream<Bytes>, ms: number, running: Running): ReadableStream<Bytes> {
  const idle = alarm(ms, () =>
    running.abort(new DOMException("the upstream sent nothing for too long", "TimeoutError")),
  );
  idle.pause();
  return watch(body, {
    asked: () => idle.arm(),
    // A slow reader is not a silent upstream.
    passed: () => idle.pause(),
    ended: () => idle.stop(),
  });
}

function listTargets(options: ProxyOptions): [name: string, target: Target][] {
  const { target, targets } = options;
  if ((target === undefined) === (targets === undefined)) {
    throw new TypeError("a proxy has either `target` or `targets`");
  }
  const list: [string, Target][] = target ? [["", target]] : Object.entries(targets ?? {});
  for (const [name, { url }] of list) {
    if (typeof url !== "string" && typeof url !== "function") {
      throw new TypeError(`target "${name}": url is a string or a function`);
    }
    if (targets && name === "") throw new TypeError("a target has a name");
  }
  return list;
}

function originOf(url: string): string {
  const { origin } = declaredUrl("origin", url);
  if (origin === "null") throw new TypeError(`origin "${url}" is not http or https`);
  return origin;
}

function milliseconds(name: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!(value > 0 && value < 2 ** 31)) throw new TypeError(`${name} is a number of milliseconds above 0`);
  return value;
}

function count(name: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${name} is a whole number, 0 or more`);
  return value;
}

function readPairs(text: string): [name: string, value: string][] {
  const lines = text.split("\n");
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) pairs.push([lines[i] as string, lines[i + 1] as string]);
  return pairs;
}
