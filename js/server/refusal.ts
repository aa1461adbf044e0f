/**
 * A refusal as a response: `{ "error": { "code", "message" } }`.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";
import { rules, type ServerRefusal } from "../wasm/server.ts";

/** `Retry-After` where a backend is away: seconds after which it is worth asking again. */
export const RETRY_AFTER = "5";

/** Answers with a refusal; what is none is thrown on. */
export function refusal(thrown: unknown, headers?: Record<string, string>): Response {
  if (!(thrown instanceof HttpOnlyError)) throw thrown;
  const { code, message } = thrown;
  // An app may throw one of its own.
  const status = (thrown as ServerRefusal).status ?? rules((m) => m.statusOf(code));
  return Response.json(
    { error: { code, message } },
    { status, headers: { "cache-control": "no-store", "x-content-type-options": "nosniff", ...headers } },
  );
}

/** Answers that a request broke off: the message and the status are those of the rule. */
export function broken(code: "body-too-large" | "upstream-timeout" | "upstream-unreachable"): Response {
  try {
    rules((m) => m.brokenOff(code));
  } catch (thrown) {
    return refusal(thrown);
  }
  throw new TypeError(code);
}
