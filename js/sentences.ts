/**
 * What the rules that can break in the page say, by number from 1. src/error.rs has the same; tests/vectors/rules.json
 * keeps them equal. A bundle that is built for production has `sentences.production.ts` in this one's place.
 *
 * @module
 */

const TEXTS: readonly string[] = [
  "a cookie name must be a string",
  "a cookie name is not empty",
  "a cookie name is a token (RFC 6265bis 4.1.1)",
  "a cookie value must be a string",
  "a cookie value has no control characters (RFC 6265bis 5.6)",
  "a cookie value has no lone surrogates",
  "name and encoded value take at most 4096 bytes (RFC 6265bis 5.6)",
  "an attribute takes at most 1024 bytes (RFC 6265bis 5.6)",
  "a path must be a string",
  "a path must start with /",
  "a path is ASCII without control characters and ;, and ends in no space (RFC 6265bis 4.1.1)",
  "a domain must be a string",
  "a domain is a host name: letters, digits, - and .",
  "the host is the domain or lies below it (RFC 6265bis 5.1.3)",
  "a single label or an address is no parent domain",
  "includeSubdomains must be true or false",
  "sameSite must be Lax, Strict or None",
  "SameSite=None needs Secure and https (RFC 6265bis 5.7)",
  "Partitioned needs Secure and https (CHIPS)",
  "a `__Secure-` or `__Host-` cookie needs Secure and https (RFC 6265bis 4.1.3)",
  "a `__Host-` cookie has no Domain (RFC 6265bis 4.1.3.2)",
  "a `__Host-` cookie has Path=/ (RFC 6265bis 4.1.3.2)",
  "an `__Http-` cookie is set by a server, with Secure and HttpOnly",
  "maxAge must be a number of seconds",
  "maxAge must not be negative; 0 deletes",
  "expires must be a valid Date",
  "the browser kept nothing: cookies are blocked, Domain is a public suffix, an HttpOnly or Secure cookie is in the way, or a cross-site frame needs SameSite=None",
  "the cookie is still there: it was set with another path or domain",
  "a Secure cookie is set on https only (RFC 6265bis 5.7)",
  "there is no document: pass the request's cookies, or use the server functions",
];

/** The sentence of a rule, and what broke it: the character, or what there was in place of what must be. */
export function sentence(packed: number, given?: Record<string, unknown>): [rule: string, blame: string] {
  const text = TEXTS[(packed % 256) - 1] as string;
  const index = Math.floor(packed / 2 ** 24);
  const unit = (packed / 256) & 65535;
  const point = `U+${unit.toString(16).toUpperCase().padStart(4, "0")}`;
  const letter = String.fromCharCode(unit);
  const character = /[\p{Cc}\p{Cs}]/u.test(letter) ? point : `"${letter}" (${point})`;
  if (index) return [text, `: ${character} at index ${index - 1}`];
  const key = /(\w+) must/.exec(text)?.[1] as string;
  const value = given?.[key];
  // What a name or a value is, is not told.
  const told = /^(name|value)$/.test(key) || typeof value === "object" ? typeof value : value;
  return [text, given && key in given ? `, got ${String(told)}` : ""];
}
