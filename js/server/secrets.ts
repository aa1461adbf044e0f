/**
 * The secrets that an app declares, from which its keys are derived.
 *
 * @module
 */

import { encode as encodeUtf8 } from "./utf8.ts";

/**
 * Checks the secrets: at least one, each of 32 bytes or more.
 *
 * @throws TypeError for any other
 */
export function secretsOf(secret: unknown): string[] {
  const secrets = Array.isArray(secret) ? secret : [secret];
  if (secrets.length === 0)
    throw new TypeError("secret must be a text, or a list of some, got an empty list");
  for (const one of secrets) {
    if (typeof one !== "string")
      throw new TypeError(
        `secret must be a text of at least 32 bytes, got ${one === undefined ? "undefined" : `a ${typeof one}`}`,
      );
    const { length } = encodeUtf8(one);
    if (length < 32) throw new TypeError(`secret must have at least 32 bytes, got ${length}`);
  }
  return secrets as string[];
}
