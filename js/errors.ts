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

// The rules that can break in the page, by number from 1: each code with its rules. src/error.rs has the same;
// tests/vectors/rules.json keeps them equal.
const RULES: readonly (readonly [ErrorCode, ...string[]])[] = [
  [
    "name-invalid",
    "a cookie name is a string",
    "a cookie name is not empty",
    "a cookie name is a token (RFC 6265bis 4.1.1)",
  ],
  [
    "value-invalid",
    "a cookie value is a string",
    "a cookie value has no control characters (RFC 6265bis 5.6)",
    "a cookie value has no lone surrogates",
  ],
  [
    "too-large",
    "name and encoded value take at most 4096 bytes (RFC 6265bis 5.6)",
    "an attribute takes at most 1024 bytes (RFC 6265bis 5.6)",
  ],
  [
    "path-invalid",
    "a path is a string",
    "a path starts with /",
    "a path is ASCII without control characters and ;, and ends in no space (RFC 6265bis 4.1.1)",
  ],
  [
    "domain-invalid",
    "a domain is a string",
    "a domain is a host name: letters, digits, - and .",
    "the host is the domain or lies below it (RFC 6265bis 5.1.3)",
    "a single label or an address is no parent domain",
    "includeSubdomains is a boolean",
  ],
  ["same-site-invalid", "sameSite is Lax, Strict or None"],
  ["same-site-insecure", "SameSite=None needs Secure and https (RFC 6265bis 5.7)"],
  ["partitioned-insecure", "Partitioned needs Secure and https (CHIPS)"],
  [
    "prefix-violated",
    "a `__Secure-` or `__Host-` cookie needs Secure and https (RFC 6265bis 4.1.3)",
    "a `__Host-` cookie has no Domain (RFC 6265bis 4.1.3.2)",
    "a `__Host-` cookie has Path=/ (RFC 6265bis 4.1.3.2)",
    "an `__Http-` cookie is set by a server, with Secure and HttpOnly",
  ],
  [
    "max-age-invalid",
    "a lifetime is a number of seconds",
    "a lifetime is not negative; 0 deletes",
    "expires is a valid Date",
  ],
  [
    "not-stored",
    "the browser kept nothing: cookies are blocked, Domain is a public suffix, or an HttpOnly or Secure cookie of this name is in the way",
    "the cookie is still there: it was set with another path or domain",
    "a Secure cookie is set on https only (RFC 6265bis 5.7)",
  ],
  ["no-document", "there is no document: pass the request's cookies, or use the server functions"],
  ["wasm-blocked", "the environment refuses WebAssembly: script-src needs 'wasm-unsafe-eval'"],
];

/** The number of the rule that no module is there to say. */
export const WASM_BLOCKED = 31;

/** The error for a refusal that a module gave as a number: rule, 256 times the unit, 2^24 times its index plus one. */
export function refusal(packed: number, cause?: unknown): HttpOnlyError {
  const rules = RULES.flatMap(([code, ...texts]) => texts.map((text) => [code, text] as const));
  const [code, text] = rules[(packed % 256) - 1] as (typeof rules)[number];
  const index = Math.floor(packed / 2 ** 24);
  const unit = (packed / 256) & 65535;
  const point = `U+${unit.toString(16).toUpperCase().padStart(4, "0")}`;
  const letter = String.fromCharCode(unit);
  const character = /[\p{Cc}\p{Cs}]/u.test(letter) ? point : `"${letter}" (${point})`;
  const blame = index ? `: ${character} at index ${index - 1}` : "";
  return new HttpOnlyError(code, text + blame, text, cause);
}
