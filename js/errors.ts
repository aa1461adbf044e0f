/**
 * The one error that this package throws.
 *
 * @module
 */
import { sentence } from "./sentences.ts";

/** The stable names of all refusals. */
export type ErrorCode =
  | "name-invalid"
  | "value-invalid"
  | "too-large"
  | "path-invalid"
  | "domain-invalid"
  | "same-site-invalid"
  | "same-site-insecure"
  | "partitioned-insecure"
  | "prefix-violated"
  | "max-age-invalid"
  | "not-stored"
  | "no-document"
  | "wasm-blocked"
  | "network"
  | "endpoint-refused"
  | "cross-origin"
  | "field-invalid"
  | "unknown-target"
  | "method-not-allowed"
  | "cookie-not-granted"
  | "url-invalid"
  | "header-invalid"
  | "body-invalid"
  | "body-too-large"
  | "upstream-timeout"
  | "upstream-unreachable"
  | "unauthenticated"
  | "unavailable"
  | "rejected"
  | "rate-limited"
  | "signin-failed";

/** Refused input, or something that could not be done; `code` is stable, `message` is for people. */
export class HttpOnlyError extends Error {
  declare readonly name: "HttpOnlyError";
  /** The stable name of the refusal. */
  declare readonly code: ErrorCode;
  /** The rule that was broken, as one sentence. */
  declare readonly rule?: string;
  /** The authentication backend's own name of what went wrong: `INVALID_EMAIL_OR_PASSWORD`, say. */
  declare readonly reason?: string;
  /** Seconds after which to try again, if the backend says so. */
  declare readonly retryAfter?: number;

  constructor(code: ErrorCode, message: string, rule?: string, cause?: unknown) {
    super(message, (cause && { cause }) as ErrorOptions);
    // Not a class field: for older browsers, bundlers turn those into a helper that every page would load.
    Object.assign(this, { name: "HttpOnlyError", code }, rule && { rule });
  }
}

// The codes of the rules that can break in the page, by number from 1; an empty one is as the one before it.
const CODES =
  "name-invalid,,,value-invalid,,,too-large,,path-invalid,,,domain-invalid,,,,,same-site-invalid,same-site-insecure,partitioned-insecure,prefix-violated,,,,max-age-invalid,,,not-stored,,,no-document";

/** The number of the rule that a browser kept nothing. */
export const NOT_STORED = 27;

/**
 * The error for a refusal that a module gave as a number: rule, 256 times the unit, 2^24 times its index plus one.
 *
 * @param given what the call was made with, by name
 */
export function refusal(packed: number, given?: Record<string, unknown>): HttpOnlyError {
  const code = CODES.split(",", packed % 256)
    .filter(Boolean)
    .pop() as ErrorCode;
  const [rule, blame] = sentence(packed, given);
  return new HttpOnlyError(code, rule + blame, rule);
}
