/**
 * Bodies that are small enough to be read whole.
 *
 * @module
 */
import { isTooLarge } from "../proxy/body.ts";
import { refused } from "../refusal.ts";
import { type Bytes, readWithin } from "../stream.ts";
import { decode } from "../utf8.ts";

/** Bytes of an answer about a session, or of one to strip tokens from. */
export const ANSWER_LIMIT = 1024 * 1024;

/**
 * The body of a request.
 *
 * @throws HttpOnlyError for one that is too large or breaks off
 */
export async function readRequest(request: Request, limit: number): Promise<Bytes> {
  let body: Bytes | undefined;
  try {
    body = await readWithin(request.body as ReadableStream<Bytes>, limit);
  } catch (thrown) {
    throw refused(isTooLarge(thrown) ? "body-too-large" : "client-gone", thrown);
  }
  if (!body) throw refused("body-too-large");
  return body;
}

/** The body of an answer as text; nothing for one that is too large, broken off or not UTF-8. */
export async function readAnswer(response: Response): Promise<string | undefined> {
  try {
    const bytes = response.body
      ? await readWithin(response.body as ReadableStream<Bytes>, ANSWER_LIMIT)
      : new Uint8Array();
    return bytes && decode(bytes);
  } catch {
    return undefined;
  }
}

/** A body as text; an empty one for what is not UTF-8. */
export function asText(body: Bytes | string | undefined): string {
  if (typeof body === "string") return body;
  try {
    return decode(body ?? new Uint8Array());
  } catch {
    return "";
  }
}
