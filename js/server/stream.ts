/**
 * Bodies on their way through: watched, measured, kept alive. Chunks are passed on as they come, one for each that
 * the reader asks for.
 *
 * @module
 */

/** What a body is made of. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Statuses whose responses have no body (Fetch standard, null body status). */
export const NULL_BODY = new Set([101, 103, 204, 205, 304]);

/** Bytes in a buffer of their own. */
export function copy(chunk: Uint8Array): Bytes {
  return new Uint8Array(chunk);
}

/** A promise that is left when a signal says so, whether its maker looks at the signal or not. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Milliseconds that an answer gets to reach a client that is still sending. */
const LINGER = 1000;

/**
 * Leaves the rest of a request's body. Not at once: adapters destroy the connection with it (SvelteKit's does), and
 * the client would see a reset instead of the answer that says why (RFC 9112 section 9.6).
 */
export function leave(reader: ReadableStreamDefaultReader<Bytes>): void {
  const timer: unknown = setTimeout(() => reader.cancel().catch(() => {}), LINGER);
  (timer as { unref?(): void }).unref?.();
}

/** What a watched body tells. */
export interface Watcher {
  /** The reader wants a chunk: from now on the source is waited for. */
  asked?(): void;
  /** A chunk goes to the reader; what this throws ends both ends. */
  passed?(chunk: Uint8Array): void;
  /** The source has ended by itself; what this throws ends both ends. */
  whole?(): void;
  /** The source has failed, or one of these has thrown. */
  failed?(error: unknown): void;
  /** The source has ended, failed, or the reader has left. */
  ended?(): void;
}

type Reader = ReadableStreamDefaultReader<Bytes>;

/** A body that tells what happens to it. `left` is what becomes of the rest when nobody wants it. */
export function watch(
  body: ReadableStream<Bytes>,
  watcher: Watcher,
  left: (reader: Reader, reason: unknown) => unknown = (reader, reason) => reader.cancel(reason),
): ReadableStream<Bytes> {
  const reader = body.getReader();
  // Also when nobody reads on.
  reader.closed.catch(() => watcher.ended?.());
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        watcher.asked?.();
        try {
          const { done, value } = await reader.read();
          if (done) {
            watcher.whole?.();
            watcher.ended?.();
            controller.close();
            return;
          }
          watcher.passed?.(value);
          controller.enqueue(value);
        } catch (error) {
          watcher.failed?.(error);
          watcher.ended?.();
          controller.error(error);
          await reader.cancel(error).catch(() => {});
        }
      },
      async cancel(reason) {
        watcher.ended?.();
        await left(reader, reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Reads a body of at most `limit` bytes; `undefined` if it is larger. */
export async function readWithin(body: ReadableStream<Bytes>, limit: number): Promise<Bytes | undefined> {
  const chunks: Bytes[] = [];
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      leave(reader);
      return undefined;
    }
    chunks.push(value);
  }
  if (chunks.length === 1 && chunks[0]) return chunks[0];
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Calls `late` when `ms` have passed since it was armed last, and from the start on it is armed; once stopped it stays so.
 */
export function alarm(ms: number, late: () => void): { arm(): void; pause(): void; stop(): void } {
  let deadline = Date.now() + ms;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ring = () => {
    timer = undefined;
    const left = deadline - Date.now();
    if (left === Infinity) return;
    if (left > 0) timer = setTimeout(ring, left);
    else late();
  };
  timer = setTimeout(ring, ms);
  return {
    arm() {
      if (stopped) return;
      deadline = Date.now() + ms;
      timer ??= setTimeout(ring, ms);
    },
    pause() {
      deadline = Infinity;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Says an event-stream comment whenever `ms` pass in silence, but never inside a line. */
export function withHeartbeat(body: ReadableStream<Bytes>, ms: number): ReadableStream<Bytes> {
  const LF = 10;
  const beat = new TextEncoder().encode(":\n");
  const reader = body.getReader();
  let clock: ReturnType<typeof alarm>;
  let atLineStart = true;
  return new ReadableStream<Bytes>({
    start(controller) {
      clock = alarm(ms, () => {
        // A reader that is behind needs no sign of life.
        if (atLineStart && (controller.desiredSize ?? 0) > 0) controller.enqueue(beat.slice());
        clock.arm();
      });
      // Also when nobody reads on.
      reader.closed.catch(() => clock.stop());
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          clock.stop();
          controller.close();
          return;
        }
        clock.arm();
        if (value.length) atLineStart = value[value.length - 1] === LF;
        controller.enqueue(value);
      } catch (error) {
        clock.stop();
        controller.error(error);
      }
    },
    cancel(reason) {
      clock.stop();
      return reader.cancel(reason);
    },
  });
}
