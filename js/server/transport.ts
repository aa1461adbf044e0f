/**
 * How a request reaches its upstream: through `fetch`, or in Node through the connections below it.
 *
 * Node's `fetch` is a layer of Web streams over a dispatcher, undici's, and that layer is most of what a proxied
 * request costs. The dispatcher stands at a symbol that is versioned for this use (`undici.globalDispatcher.1`: the
 * handler with `onConnect`, `onHeaders`, `onData`, `onComplete`, `onError`; Node 20 to 26), so nothing is imported.
 * Its connections are those that `fetch` has: whoever calls `setGlobalDispatcher` or sets `NODE_USE_ENV_PROXY` gets
 * the same certificates, proxies and limits here.
 *
 * Neither way follows redirects, keeps cookies or caches.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";
import { abortable, type Bytes, copy, leave, NULL_BODY, type Watcher, watch } from "./stream.ts";

/** A request on its way upstream. */
export interface Call {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: Bytes | Upload | undefined;
}

/** A body that is sent as it comes. */
export interface Upload {
  readonly stream: ReadableStream<Bytes>;
  /** Its length, where the client declared it. */
  readonly length: string | undefined;
  /** Is told what happens to it. */
  readonly watcher: Watcher;
}

/** What came back, as soon as its headers were there. */
export interface Answer {
  readonly status: number;
  /** By name in lower case; values of one name joined by commas. */
  readonly headers: Iterable<[name: string, value: string]>;
  /** The body, decoded as `fetch` does it; null where the status or the method has none. To be called once. */
  body(): ReadableStream<Bytes> | Bytes | null;
}

/** A call under way. */
export interface Running {
  /** Rejects with what broke the call off. */
  readonly answer: Promise<Answer>;
  /** Breaks the call off, or the body of its answer; nothing after both are over. */
  abort(reason: Error): void;
}

/** Calls an upstream. */
export type Transport = (url: string, call: Call) => Running;

/**
 * What calls an upstream in place of the global `fetch`. With `platform`, what the handler was called with beside the
 * request, a service binding is one line: `(input, init, platform) => platform.env.API.fetch(input, init)`.
 */
// biome-ignore lint/suspicious/noExplicitAny: each platform has a type of its own, which its own code knows
export type UpstreamFetch = (input: string, init: RequestInit, platform?: any) => Promise<Response>;

/** Calls the `fetch` of an app; says why where one lost what it belongs to on the way. */
export async function callFetch(
  fetch: UpstreamFetch,
  url: string,
  init: RequestInit,
  platform: unknown,
): Promise<Response> {
  try {
    return await fetch(url, init, platform);
  } catch (thrown) {
    if (!(thrown instanceof TypeError) || !/illegal invocation/i.test(thrown.message)) throw thrown;
    const why =
      "a binding's fetch has to be called on the binding: (input, init) => env.API.fetch(input, init)";
    throw Object.assign(new TypeError(why, { cause: thrown }), { code: "UNBOUND_FETCH" });
  }
}

/** The transport over a `fetch`. */
export function fetching(fetch: UpstreamFetch, platform?: unknown): Transport {
  return (url, { method, headers, body }) => {
    const controller = new AbortController();
    const init: RequestInit & { duplex?: "half" } = {
      method,
      headers,
      redirect: "manual",
      signal: controller.signal,
    };
    if (body && "stream" in body) {
      init.body = watch(body.stream, body.watcher, leave);
      init.duplex = "half";
    } else if (body) init.body = body;
    const answer = async (): Promise<Answer> => {
      // An app's own `fetch` need not mind its signal; who waits for it does.
      const response = await abortable(callFetch(fetch, url, init, platform), controller.signal);
      const { status } = response;
      const told = await tellCoding(response);
      return {
        status,
        headers: told.headers,
        body() {
          const stream = told.body;
          if (!stream || !NULL_BODY.has(status)) return stream;
          stream.cancel().catch(() => {});
          return null;
        },
      };
    };
    return { answer: answer(), abort: (reason) => controller.abort(reason) };
  };
}

/**
 * Says of a body whether it is still encoded, where one `fetch` decodes its coding and another does not: that of Node from
 * 22.15 on decodes zstd. The label of a decoded one becomes `identity`, by which the rules drop what is not true any more.
 */
async function tellCoding(response: Response) {
  const body = response.body as ReadableStream<Bytes> | null;
  const codings = response.headers.get("content-encoding") ?? "";
  if (!body || !/zstd/i.test(codings)) return { headers: response.headers, body };
  const reader = body.getReader();
  const first = await reader.read();
  const start = first.done ? new Uint8Array() : first.value;
  const rest = new ReadableStream<Bytes>({
    start(controller) {
      if (first.done) controller.close();
      else controller.enqueue(first.value);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const headers = new Headers(response.headers);
  if (!callWasm((m) => m.isZstd(start))) headers.set("content-encoding", "identity");
  return { headers, body: rest };
}

/** undici's dispatcher, version 1 of its interface: what is used of it. */
interface Dispatcher {
  dispatch(options: object, handler: object): unknown;
}

type Text = string | { latin1Slice(): string };

/** A stream of `node:zlib`: what is used of it. */
interface Decoder {
  write(chunk: Uint8Array): boolean;
  end(): void;
  pause(): void;
  resume(): void;
  pipe(next: Decoder): Decoder;
  destroy(): void;
  on(event: "data", listener: (chunk: Uint8Array) => void): void;
  on(event: "end" | "drain", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

interface Zlib {
  createGunzip(options: object): Decoder;
  createInflate(options: object): Decoder;
  createInflateRaw(options: object): Decoder;
  createBrotliDecompress(options: object): Decoder;
  constants: Record<"Z_SYNC_FLUSH" | "BROTLI_OPERATION_FLUSH", number>;
}

// Read through globalThis: bundlers for the edge refuse a module that names `process` or imports `node:zlib`.
const host = globalThis as {
  process?: { versions?: Record<string, string>; getBuiltinModule?(id: string): unknown };
};
const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/** Node's own `fetch`, if that is what was there; not what a test or an instrumentation put in its place. */
const nodeFetch =
  host.process?.versions?.undici !== undefined &&
  host.process.getBuiltinModule !== undefined &&
  globalThis.fetch?.name === "fetch" &&
  fetch.length === 1
    ? fetch
    : undefined;

/** The transport to use where a target brings no `fetch` of its own. */
export function transport(): Transport {
  const { fetch } = globalThis;
  // Next.js puts its cache before `fetch`; what is proxied has no business there.
  const below = (fetch as { _nextOriginalFetch?: typeof fetch })._nextOriginalFetch ?? fetch;
  if (nodeFetch && below === nodeFetch) {
    // The dispatcher comes with the first use of a class of the Fetch standard.
    void globalThis.Response;
    const dispatcher = (globalThis as { [key: symbol]: unknown })[DISPATCHER] as Dispatcher | undefined;
    if (dispatcher) return (url, call) => dispatching(dispatcher, url, call);
  }
  return fetching(fetch);
}

/** Whether a connection was used before and has ended since: as far as one can know, before it took this request. */
function hadEnded(error: Error & { code?: string; socket?: { bytesRead?: number } }): boolean {
  return error.code === "EPIPE" || (error.code === "UND_ERR_SOCKET" && (error.socket?.bytesRead ?? 0) > 0);
}

/** How many connections in a row may turn out to have ended; the next one is new, or the upstream ends them all. */
const STALE = 3;

/** Methods that change nothing: sent twice, they are as sent once (RFC 9110 section 9.2.1). */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

function dispatching(dispatcher: Dispatcher, url: string, call: Call): Running {
  const { method, headers } = call;
  const slash = url.indexOf("/", url.indexOf("//") + 2);
  let upload: ReturnType<typeof uploading> | undefined;
  let body: unknown = call.body;
  if (call.body && "stream" in call.body) {
    upload = uploading(call.body);
    body = upload.chunks;
    // undici holds the body to it.
    if (call.body.length !== undefined) headers["content-length"] = call.body.length;
  }
  // As `fetch` sends them: there are APIs that refuse a request without.
  headers.accept ??= "*/*";
  headers["accept-encoding"] ??= "identity";
  headers["user-agent"] ??= "node";
  const options = {
    origin: url.slice(0, slash),
    path: url.slice(slash),
    method,
    headers,
    body,
    // The proxy has its own clocks; undici's would end a stream that is silent for five minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
  };

  let resolve: (answer: Answer) => void;
  let reject: (error: Error) => void;
  const answer = new Promise<Answer>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  let breakOff: ((reason: Error) => void) | undefined;
  let failure: Error | undefined;
  let download: Download | undefined;
  let again = !call.body && SAFE.has(method) ? STALE : 0;

  const fail = (error: Error) => {
    if (failure) return;
    failure = error;
    upload?.stop();
    if (download) download.fail(error);
    else reject(error);
  };
  const abort = (reason: Error) => {
    fail(reason);
    breakOff?.(reason);
  };
  const handler = {
    onConnect(abortConnection: (reason: Error) => void) {
      breakOff = abortConnection;
      if (failure) abortConnection(failure);
    },
    onHeaders(status: number, raw: (Text | Text[])[], resume: () => void): boolean {
      if (status < 200 || failure) return true;
      const fields = readFields(raw);
      const bodyless = method === "HEAD" || NULL_BODY.has(status);
      const codings = bodyless ? undefined : fields.find(([name]) => name === "content-encoding")?.[1];
      const into = downloading(codings, resume, abort);
      // Where a body has no business, its first byte breaks the connection off.
      download = bodyless
        ? {
            ...into,
            push() {
              abort(new Error("a body that must not be"));
              return true;
            },
          }
        : into;
      resolve({ status, headers: fields, body: () => (bodyless ? null : into.body()) });
      return true;
    },
    onResponseStarted() {
      again = 0;
    },
    onData: (chunk: Uint8Array): boolean => download?.push(chunk) ?? true,
    onComplete() {
      breakOff = undefined;
      // An upstream may answer before it has read the whole body, and then does not want the rest.
      upload?.stop();
      download?.end();
    },
    onError(error: Error) {
      breakOff = undefined;
      if (again-- > 0 && !failure && hadEnded(error)) start();
      else fail(error);
    },
  };
  const start = () => {
    try {
      dispatcher.dispatch(options, handler);
    } catch (error) {
      fail(error as Error);
    }
  };
  start();
  return { answer, abort };
}

/** A request's body as the dispatcher takes it, one chunk at a time, and a way out of it. */
function uploading({ stream, watcher }: Upload) {
  const reader = stream.getReader();
  let over = false;
  let left = false;
  async function* chunks() {
    try {
      for (;;) {
        watcher.asked?.();
        const { done, value } = await reader.read();
        // A body that was left must not look like one that has ended.
        if (left) throw new Error("the upload was broken off");
        over = done;
        if (done) {
          watcher.whole?.();
          return;
        }
        watcher.passed?.(value);
        if (value.length) yield value;
      }
    } catch (error) {
      over = true;
      if (!left) watcher.failed?.(error);
      throw error;
    } finally {
      watcher.ended?.();
      stop();
    }
  }
  const stop = () => {
    if (over || left) return;
    left = true;
    leave(reader);
  };
  return { chunks: chunks(), stop };
}

/** Header fields as `Headers` lists them, but in the upstream's order: each name once, save for Set-Cookie. */
function readFields(raw: (Text | Text[])[]): [name: string, value: string][] {
  const fields: [string, string][] = [];
  const known = new Map<string, [string, string]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = latin1(raw[i] as Text).toLowerCase();
    const values = raw[i + 1] as Text | Text[];
    for (const value of Array.isArray(values) ? values : [values]) {
      const earlier = known.get(name);
      if (earlier) {
        earlier[1] += `, ${latin1(value)}`;
        continue;
      }
      const field: [string, string] = [name, latin1(value)];
      fields.push(field);
      if (name !== "set-cookie") known.set(name, field);
    }
  }
  return fields;
}

function latin1(text: Text): string {
  return typeof text === "string" ? text : text.latin1Slice();
}

/** A response's body on its way from the dispatcher to its reader. */
interface Download {
  /** Takes a chunk; false if no other is wanted for now. */
  push(chunk: Uint8Array): boolean;
  end(): void;
  fail(error: Error): void;
  body(): ReadableStream<Bytes> | Bytes;
}

function downloading(
  codings: string | undefined,
  resume: () => void,
  abort: (reason: Error) => void,
): Download {
  /** What came before there was a stream to put it into: at most what one read from the socket brings. */
  let early: Uint8Array[] = [];
  let controller: ReadableStreamDefaultController<Bytes> | undefined;
  let over = false;
  let failure: Error | undefined;
  let held = false;
  let decoder: Decoding | undefined;

  const release = () => {
    if (!held) return;
    held = false;
    resume();
  };
  const deliver = (chunk: Uint8Array): boolean => {
    if (over) return true;
    if (!controller) {
      early.push(chunk);
      return true;
    }
    // A copy: the chunk is part of what one read brought, and a reader may transfer what it gets.
    controller.enqueue(copy(chunk));
    return (controller.desiredSize ?? 0) > 0;
  };
  const close = () => {
    if (over) return;
    over = true;
    controller?.close();
  };
  const fail = (error: Error) => {
    if (over) return;
    over = true;
    failure = error;
    decoder?.destroy();
    controller?.error(error);
  };
  const stream = () =>
    new ReadableStream<Bytes>({
      start(given) {
        controller = given;
        for (const chunk of early) given.enqueue(copy(chunk));
        early = [];
        if (failure) given.error(failure);
        else if (over) given.close();
      },
      pull() {
        if (decoder) decoder.resume();
        else release();
      },
      cancel() {
        over = true;
        decoder?.destroy();
        abort(new Error("the reader has left"));
      },
    });
  return {
    push(chunk) {
      // The parser gives an empty one whenever it goes on after a pause.
      if (chunk.length === 0) return true;
      if (codings !== undefined) {
        decoder = decoding(codings, chunk, { deliver, close, resume: release, fail: abort });
        codings = undefined;
      }
      held = !(over || (decoder ? decoder.write(chunk) : deliver(chunk)));
      return !held;
    },
    end() {
      if (decoder) decoder.end();
      else close();
    },
    fail,
    body() {
      const [only] = early;
      // Most answers are here whole when somebody asks for them, and need no stream.
      return over && !failure && only && early.length === 1 ? (only as Bytes) : stream();
    },
  };
}

/** A body that is being decoded. */
interface Decoding {
  write(chunk: Uint8Array): boolean;
  end(): void;
  resume(): void;
  destroy(): void;
}

/** More codings than this are an attack. */
const MANY_CODINGS = 5;

/** Decodes what `fetch` decodes; undefined where there is a coding that it does not know. */
function decoding(
  codings: string,
  first: Uint8Array,
  to: {
    deliver(chunk: Uint8Array): boolean;
    close(): void;
    resume(): void;
    fail(error: Error): void;
  },
): Decoding | undefined {
  const zlib = host.process?.getBuiltinModule?.("node:zlib") as Zlib;
  const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  // Flushed as they come, so that an event is not held back; and as lenient as browsers about how they end.
  const flush = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
  const flushBrotli = { flush: BROTLI_OPERATION_FLUSH, finishFlush: BROTLI_OPERATION_FLUSH };
  const chain: Decoder[] = [];
  const names = codings.toLowerCase().split(",").reverse();
  if (names.length > MANY_CODINGS) {
    to.fail(new Error("too many content codings"));
    return undefined;
  }
  for (const coding of names) {
    const name = coding.trim();
    if (name === "gzip" || name === "x-gzip") chain.push(zlib.createGunzip(flush));
    else if (name === "br") chain.push(zlib.createBrotliDecompress(flushBrotli));
    else if (name === "deflate") {
      // There are servers that leave out the zlib header (RFC 9110 section 8.4.1.2).
      const bare = chain.length === 0 && ((first[0] ?? 0) & 0x0f) !== 8;
      chain.push(bare ? zlib.createInflateRaw(flush) : zlib.createInflate(flush));
    } else if (name !== "identity") return undefined;
  }
  const [into] = chain;
  const last = chain.at(-1);
  if (!into || !last) return undefined;
  const destroy = () => {
    for (const decoder of chain) decoder.destroy();
  };
  for (const [i, decoder] of chain.entries()) {
    decoder.on("error", to.fail);
    const next = chain[i + 1];
    if (next) decoder.pipe(next);
  }
  into.on("drain", to.resume);
  last.on("data", (chunk) => {
    if (!to.deliver(chunk)) last.pause();
  });
  last.on("end", to.close);
  return {
    write: (chunk) => into.write(chunk),
    end: () => into.end(),
    resume: () => last.resume(),
    destroy,
  };
}
