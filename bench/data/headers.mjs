/**
 * Cookies as sites have them: short and long, some percent-encoded, session tokens, consent strings, analytics.
 *
 * @module
 */
const KINDS = [
  (i, r) => [`theme${i}`, r() % 2 ? "dark" : "light"],
  (i, r) => [`_ga_${i}`, `GS1.1.${r()}.${r() % 90}.1.${r()}.0.0.0`],
  (i, r) => [`session_${i}`, `${r().toString(36)}${r().toString(36)}${r().toString(36)}${r().toString(36)}`],
  (i, r) => [`cart.${i}`, `%7B%22id%22%3A${r()}%2C%22n%22%3A${r() % 9}%7D`],
  (i, r) => [`locale${i}`, ["en-GB", "de", "pt-BR", "ja"][r() % 4]],
  (i, r) => [`ab_test_${i}`, `variant-${"abc"[r() % 3]}.${r() % 100}`],
  (i, r) => [`last-seen-${i}`, `2026-11-${10 + (r() % 20)}T12%3A00%3A00Z`],
  (i, r) => [`uid${i}`, `${r()}${r()}`],
];

/** The same numbers each time (xorshift32). */
export function numbers(seed) {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** `count` cookies as pairs, encoded. */
export function cookies(count, seed = 1) {
  const random = numbers(seed * 2654435761);
  return Array.from({ length: count }, (_, i) => KINDS[i % KINDS.length](i, random));
}

/** A `Cookie` header of `count` cookies. */
export const header = (count, seed) =>
  cookies(count, seed)
    .map((pair) => pair.join("="))
    .join("; ");
