/**
 * The one error that this package throws.
 *
 * @module
 */

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
  override readonly name = "HttpOnlyError";
  /** The stable name of the refusal. */
  readonly code: ErrorCode;
  /** The rule that was broken, as one sentence. */
  readonly rule?: string;

  constructor(code: ErrorCode, message: string, rule?: string) {
    super(message);
    this.code = code;
    if (rule !== undefined) this.rule = rule;
  }
}
