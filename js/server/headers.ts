/**
 * The headers that the rules give to a kind of response: what keeps it harmless, and what caches may do with it.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";

/** The kinds of src/http/response.rs. */
export type ResponseKind =
  | "refusal"
  | "session"
  | "session-error"
  | "endpoint"
  | "backend"
  | "lead-on"
  | "sign-in"
  | "public-keys"
  | "link-page"
  | "guard-page"
  | "private";

const known = new Map<ResponseKind, Readonly<Record<string, string>>>();

/** The headers of a kind, by name in lower case. */
export function headersFor(kind: ResponseKind): Readonly<Record<string, string>> {
  let headers = known.get(kind);
  if (headers === undefined) {
    const pairs = callWasm((m) => m.responseHeaders(kind));
    headers = Object.fromEntries(pairs.flatMap((name, i) => (i % 2 ? [] : [[name, pairs[i + 1] as string]])));
    known.set(kind, headers);
  }
  return headers;
}

/** Sets the headers of a kind. */
export function setHeaders(headers: Headers, kind: ResponseKind): Headers {
  for (const [name, value] of Object.entries(headersFor(kind))) headers.set(name, value);
  return headers;
}
