/**
 * The proxy: a page calls its own server, which puts the token from an HttpOnly cookie where the API wants it.
 *
 * @module
 */
import { callWasm, text } from "../../wasm/server.ts";
import { bearerOf, withTokens } from "../bearer.ts";
import { memo } from "../memo.ts";
import { answering, type Broken, type ErrorNames, refused, withHeaders } from "../refusal.ts";
import { alarm } from "../stream.ts";
import { type Answer, type Call, fetching, type Running, transport } from "../transport.ts";
import { readBody } from "./body.ts";
import {
  type Declared,
  type DeclaredTarget,
  type ProxyHandler,
  type ProxyOptions,
  readOptions,
} from "./options.ts";
import { type Asked, responding } from "./response.ts";

// The bindings' numbers: src/wasm/server/proxy.rs.
const SPENDS = 1;
const FILLS_BODY = 2;
const IDEMPOTENT = 4;

/**
 * Makes a proxy to declared targets.
 *
 * A request that spends a cookie needs the proof that the app's own origin sent it. Errors are
 * `{ "error": { "code", "message" } }`: 400, 401, 403, 404, 405, 413, 500, 502 or 504. It never rejects.
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
  const declared = readOptions(options);
  const plan = planning(declared);
  const respond = responding(declared);
  const pairs = callWasm((m) => m.proxyHeaders());
  const headers = Object.fromEntries(
    pairs.flatMap((name, i) => (i % 2 ? [] : [[name, pairs[i + 1] as string]])),
  );
  const answer = answering(
    { name: "apiProxy", onError: declared.onError, headers },
    async (request, platform, about) => {
      const planned = plan(request, platform, about);
      const target = declared.targets[planned.target] as DeclaredTarget;
      await addHeaders(planned.headers, target, request, platform);
      if (typeof target.bearer === "function")
        planned.headers.authorization = await bearerOf(target.bearer, request, platform);
      const call = calling(request, platform);
      try {
        const payload = await readBody(request, declared, {
          target: planned.target,
          head: planned.head,
          fills: (planned.flags & FILLS_BODY) !== 0,
          fail: call.fail,
          clock: call.clock,
        });
        if (payload.spends) planned.flags |= SPENDS;
        const replayable = (planned.flags & IDEMPOTENT) !== 0 && !(payload.body && "stream" in payload.body);
        const upstream = await call.send(
          target,
          planned.url,
          {
            method: request.method,
            headers: planned.headers,
            body: payload.body,
          },
          replayable ? declared.retries : 0,
        );
        return respondTo(upstream, call, respond, planned);
      } catch (thrown) {
        // Whatever happened, the upstream is not left waiting.
        call.fail("app-failed", thrown);
        throw thrown;
      }
    },
  );
  return async (request, platform) => withTokens(await answer(request, platform), request);
}

/** Makes the response; what cannot be one is the upstream's fault. */
function respondTo(
  answer: Answer,
  call: ReturnType<typeof calling>,
  respond: ReturnType<typeof responding>,
  asked: Asked,
): Response {
  try {
    return respond(answer, call.running() as Running, asked);
  } catch (thrown) {
    throw refused("upstream-invalid", thrown);
  }
}

/** What the rules decided about a request. */
interface Planned extends Asked {
  head: string;
  headers: Record<string, string>;
}

/** Reads requests, and asks the rules where they go and with what. */
function planning({ binding, targets, asksForUrl, clientAddress }: Declared) {
  const wants = memo(256, (name) => binding.wants(name));
  return (request: Request, platform: unknown, about: ErrorNames): Planned => {
    const { method, url } = request;
    let base = "";
    if (asksForUrl) base = baseOf(targets[callWasm(() => binding.find(url))], request, platform);
    // Whatever it is made of, an address is one line of the head.
    const address: unknown = clientAddress?.(request, platform);
    const client =
      address === undefined || address === null
        ? ""
        : text("the client's address", address).replaceAll("\n", " ");
    let head = `${method}\n${url}\n${base}\n${client}`;
    for (const [name, value] of request.headers) if (wants(name)) head += `\n${name}\n${value}`;
    let lines: string[];
    try {
      lines = callWasm(() => binding.plan(head)).split("\n");
    } catch (thrown) {
      explain(thrown, head, about);
      const wrongMethod = (thrown as { status?: number }).status === 405;
      throw wrongMethod ? withHeaders(thrown, { allow: binding.allow(url) }) : thrown;
    }
    const target = Number(lines[0]);
    about.target = targets[target]?.name || undefined;
    const headers: Record<string, string> = {};
    for (let i = 3; i < lines.length; i += 2) headers[lines[i] as string] = lines[i + 1] as string;
    return { target, flags: Number(lines[1]), url: lines[2] as string, base, head, headers };
  };

  /** Names the target and the cookie that a refusal is about. */
  function explain(thrown: unknown, head: string, about: ErrorNames): void {
    const [target, cookie] = callWasm(() => binding.blame(head, (thrown as { code?: string }).code ?? ""));
    about.target = target || undefined;
    about.cookie = cookie || undefined;
  }
}

/** The URL that an app gives for a request; what is no URL is no target's either. */
function baseOf(target: DeclaredTarget | undefined, request: Request, platform: unknown): string {
  if (typeof target?.url !== "function") return "";
  const given: unknown = target.url(request, platform);
  return typeof given === "string" && URL.canParse(given) ? new URL(given).href : "none";
}

/** Adds the headers that the app sets by itself. */
async function addHeaders(
  headers: Record<string, string>,
  target: DeclaredTarget,
  request: Request,
  platform: unknown,
): Promise<void> {
  for (const [name, source] of target.headers) {
    const value = typeof source === "function" ? await source(request, platform) : source;
    if (value === undefined) continue;
    callWasm((m) => m.checkHeaderValue(text(`the header ${name}`, value)));
    headers[name] = value;
  }
}

/** One call to an upstream, and what breaks it off. */
function calling(request: Request, platform: unknown) {
  let running: Running | undefined;
  let failure: { why: Broken; cause: unknown } | undefined;
  let clock: ReturnType<typeof alarm> | undefined;
  const fail = (why: Broken, cause?: unknown) => {
    failure ??= { why, cause };
    clock?.stop();
    running?.abort(new Error(why));
  };
  return {
    fail,
    clock: () => clock,
    running: () => running,
    /** @throws HttpOnlyError for an upstream that does not answer, or a client that leaves */
    async send(target: DeclaredTarget, url: string, call: Call, retries: number): Promise<Answer> {
      if (request.signal.aborted) throw refused("client-gone");
      request.signal.addEventListener("abort", () => fail("client-gone"), { once: true });
      clock = alarm(target.timeout, () => fail("upstream-timeout"));
      const send = target.fetch ? fetching(target.fetch, platform) : transport();
      for (let left = retries; ; left--) {
        try {
          running = send(url, call);
          const answer = await running.answer;
          clock.stop();
          // Some servers send 999, of which no Response can be made.
          if (!(answer.status >= 200 && answer.status <= 599)) throw refused("upstream-invalid");
          return answer;
        } catch (thrown) {
          if (left > 0 && !failure && !isRefusal(thrown)) continue;
          clock.stop();
          if (isRefusal(thrown)) throw thrown;
          throw refused(failure?.why ?? "upstream-unreachable", failure?.cause ?? thrown);
        }
      }
    },
  };
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "HttpOnlyError";
}
