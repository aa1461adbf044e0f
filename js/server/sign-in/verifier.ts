/**
 * Verifies what an app's `signJwt` signed, where the app does not do that itself.
 *
 * @module
 */
import type { JSONWebKeySet, JWTPayload } from "jose";
import type { Awaitable } from "./types.ts";

type Keys = { keys: readonly object[] };

const ASYMMETRIC = ["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/**
 * By the app's own keys, where it has some: an asymmetric algorithm and no other. Else by `secret`: HS256 and no other. So
 * no public key is ever taken for a shared secret.
 */
export function verifier(
  secrets: readonly string[],
  jwks: Keys | (() => Awaitable<Keys>) | undefined,
): (token: string) => Promise<Record<string, unknown> | null> {
  return async (token) => {
    const { createLocalJWKSet, jwtVerify } = await import("jose");
    const verified = async (verify: () => Promise<{ payload: JWTPayload }>) => {
      try {
        return (await verify()).payload;
      } catch {
        return null;
      }
    };
    if (jwks !== undefined) {
      const keys = createLocalJWKSet((typeof jwks === "function" ? await jwks() : jwks) as JSONWebKeySet);
      return verified(() => jwtVerify(token, keys, { algorithms: ASYMMETRIC }));
    }
    for (const secret of secrets) {
      const key = new TextEncoder().encode(secret);
      const payload = await verified(() => jwtVerify(token, key, { algorithms: ["HS256"] }));
      if (payload !== null) return payload;
    }
    return null;
  };
}
