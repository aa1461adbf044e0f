/**
 * A request's body on its way upstream: read whole where it is small or filled in, else sent as it comes.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { type Broken, refused } from "../refusal.ts";
import { type alarm, type Bytes, readWithin } from "../stream.ts";
import type { Upload } from "../transport.ts";
import type { Declared } from "./options.ts";

/** A body that says it is this small is sent whole: another stream around it would cost more than it saves. */
const SMALL_BODY = 64 * 1024;

/** What a request sends, and whether filling it in has spent a cookie. */
export interface Payload {
  body: Bytes | Upload | undefined;
  spends: boolean;
}

/** What reading a body needs to know of its call. */
export interface Reading {
  /** The index of the target. */
  target: number;
  /** The request's head, as the rules read it. */
  head: string;
  /** Whether templates are filled in. */
  fills: boolean;
  /** Breaks the call off. */
  fail(why: Broken, cause?: unknown): void;
  /** The clock of the call, once it runs. */
  clock(): ReturnType<typeof alarm> | undefined;
}

/** @throws HttpOnlyError for a body that is too large, breaks off, or cannot be filled in */
export async function readBody(
  request: Request,
  { binding, bodyLimit, fillLimit }: Declared,
  reading: Reading,
): Promise<Payload> {
  const sent = request.body as ReadableStream<Bytes> | null;
  if (!sent) return { body: undefined, spends: false };
  if (request.bodyUsed || sent.locked) throw new TypeError("the body of the request was read before");
  const declared = request.headers.get("content-length");
  const length = Number(declared ?? 0);
  if (bodyLimit !== undefined && length > bodyLimit) throw refused("body-too-large");
  const { fills, head, target } = reading;
  if (!fills && !(length > 0 && length <= SMALL_BODY))
    return { body: upload(request, sent, declared, bodyLimit, reading), spends: false };
  let bytes: Bytes | undefined;
  try {
    bytes = await readWithin(sent, fills ? fillLimit : length);
  } catch (error) {
    throw refused(isTooLarge(error) ? "body-too-large" : "client-gone", error);
  }
  if (!bytes || bytes.length < length) throw refused("body-too-large");
  if (!fills) return { body: bytes, spends: false };
  const whole = bytes;
  const filled = callWasm(() => binding.fill(target, head, whole)) as Bytes | undefined;
  return filled ? { body: filled, spends: true } : { body: whole, spends: false };
}

/** A body that is sent as it comes, watched. */
function upload(
  request: Request,
  stream: ReadableStream<Bytes>,
  declared: string | null,
  limit: number | undefined,
  { fail, clock }: Reading,
): Upload {
  let received = 0;
  const chunked = request.headers.get("transfer-encoding") !== null;
  return {
    stream,
    length: chunked ? undefined : (declared ?? undefined),
    watcher: {
      // While the client is waited for, the upstream is not late.
      asked: () => clock()?.pause(),
      passed(chunk) {
        clock()?.arm();
        received += chunk.length;
        if (limit !== undefined && received > limit) fail("body-too-large");
      },
      // Next.js gives what fits into a limit of its own as if it were all, and only says so in its log.
      whole() {
        if (chunked || received >= Number(declared ?? 0)) return;
        fail("body-too-large");
        throw new Error("the body was cut");
      },
      failed: (error) => fail(isTooLarge(error) ? "body-too-large" : "client-gone", error),
      ended: () => clock()?.arm(),
    },
  };
}

/** Whether a body broke off because the server around the handler takes no more: SvelteKit's adapters say so. */
export function isTooLarge(error: unknown): boolean {
  return (error as { status?: unknown } | undefined)?.status === 413;
}
