/**
 * What own sign-in answers with, and what it reads of a request.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { headersFor } from "../headers.ts";
import { isTooLarge } from "../proxy/body.ts";
import { refused } from "../refusal.ts";
import { readWithin } from "../stream.ts";
import { decode as decodeUtf8 } from "../utf8.ts";
import { failed } from "./failure.ts";

/** Bytes of a request's body. */
const LIMIT = 64 * 1024;

function headersOf(lines: readonly string[]): Headers {
  const headers = new Headers(headersFor("sign-in"));
  for (const line of lines) headers.append("set-cookie", line);
  return headers;
}

/** JSON, with cookies. */
export function json(
  status: number,
  body: unknown,
  lines: readonly string[] = [],
  retryAfter?: number,
): Response {
  const headers = headersOf(lines);
  if (retryAfter !== undefined) headers.set("retry-after", String(retryAfter));
  return Response.json(body, { status, headers });
}

/** A way on for a browser: by GET, whatever the request was. */
export function leadTo(location: string, lines: readonly string[] = []): Response {
  const headers = headersOf(lines);
  headers.set("location", location);
  return new Response(null, { status: 303, headers });
}

/** What a request's body says: its texts by name, and what a schema may want to see. */
export interface Fields {
  /** Whether a form of a page sent it, which is led on by redirects; else a program gets JSON. */
  navigates: boolean;
  /** A value that is no text, number or boolean is not among them. */
  texts: Record<string, string>;
  /** All of it, as JSON has it, or the form's texts. */
  whole: Record<string, unknown>;
  /** The body as it is. */
  text: string;
}

/** Reads a body that is a form or a JSON object; throws a failure for any other. */
export async function fieldsOf(request: Request): Promise<Fields> {
  const type = request.headers.get("content-type") ?? "";
  const text = await textOf(request);
  // No body says nothing: a sign-out needs none.
  const flat = text === "" && type === "" ? [] : callWasm((m) => m.bodyFields(type, text));
  if (flat === undefined) throw failed("INVALID_BODY", "start");
  const texts = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < flat.length; i += 2) texts[flat[i] as string] = flat[i + 1] as string;
  const isForm = callWasm((m) => m.isForm(type));
  const whole = isForm || text.trim() === "" ? { ...texts } : (JSON.parse(text) as Record<string, unknown>);
  return { navigates: isForm && wantsPage(request), texts, whole, text };
}

/** A small body as text; throws a refusal for one that is too large or no UTF-8. */
export async function textOf(request: Request): Promise<string> {
  if (request.body === null) return "";
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readWithin(request.body as ReadableStream<Uint8Array<ArrayBuffer>>, LIMIT);
  } catch (thrown) {
    throw refused(isTooLarge(thrown) ? "body-too-large" : "client-gone", thrown);
  }
  if (bytes === undefined) throw refused("body-too-large");
  try {
    return decodeUtf8(bytes);
  } catch {
    throw failed("INVALID_BODY", "start");
  }
}

/** Whether a browser shows what is answered: by a navigation, or where nothing else is said by a form. */
function wantsPage(request: Request): boolean {
  const mode = request.headers.get("sec-fetch-mode");
  if (mode !== null) return mode === "navigate";
  return !(request.headers.get("accept") ?? "").includes("application/json");
}
