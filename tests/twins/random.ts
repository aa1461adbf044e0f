/**
 * Arguments by chance, from a seed: the same ones in each run.
 *
 * @module
 */

/** Parts of what the rules read: cookies, headers, dates, URLs, templates, forms, JSON, tokens, and what breaks them. */
const PARTS = [
  "a=1", "b=%C3%BC", "__Host-id=x", "__Secure-x", "theme", "access_token", "; ", ";", "=", ",", " ", "\t", "\r\n", "\0",
  "; Path=/", "; Domain=.Example.com", "; Max-Age=99999999999", "; Max-Age=-1", "; Secure", "; HttpOnly",
  "; SameSite=lax", "; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "; expires=Sun, 06-Nov-94 08:49:37 GMT", "; Partitioned",
  "{{ cookies.access_token }}", "{{ cookies.", " }}", "%7B%7B+cookies.a+%7D%7D", "Bearer ", "ü", "€", "😀", "\ud800",
  "https://app.example/", "http://127.0.0.1:8080/a?b=c#d", "//evil.example", "/\\evil", "/a/../b/%2e%2e/c", "javascript:",
  "application/json", "application/x-www-form-urlencoded; charset=utf-8", '{"a":"1","b":[1,2.5e3,null,true]}', '{"user":{',
  '{"user":{"id":"u1","email":"ada@example.com","name":"A"},"session":{"id":"s","userId":"u1","expiresAt":"2065-01-01T00:00:00.000Z"}}',
  "name=a&value=b&ttl=3600", "ttl=1e400", "same-origin", "cross-site", "navigate", "cors", "empty", "document", "GET",
  "POST", "OPTIONS", "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.x", ".", "..", "-", "1234567890123456789", "0.1", "401",
]; // biome-ignore format: a list of parts reads best in rows

const NUMBERS = [
  0, 1, -1, 0.5, 200, 302, 401, 429, 500, 3600, 4096, 34_560_000, 99_999_999_999, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63),
  2 ** 64, 1e300, 1_800_000_000_000, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY,
]; // biome-ignore format: as above

/** Numbers beside every limit that a conversion to 32 or 64 bits has. */
export const EDGES = [0, 8, 16, 31, 32, 33, 52, 53, 62, 63, 64, 65, 128, 1023]
  .flatMap((power) => [2 ** power, -(2 ** power)])
  .flatMap((limit) => [
    limit,
    limit - 1,
    limit + 1,
    limit - 0.5,
    limit * (1 - 2 ** -53),
    limit * (1 + 2 ** -52),
    limit * 1000,
  ])
  .concat(NUMBERS);

export function random(seed: number) {
  let state = seed;
  /** Below one. */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  const text = () => Array.from({ length: below(6) }, () => one(PARTS)).join("");
  const number = () => (below(3) ? one(EDGES) : Math.floor(next() * 2 ** below(60)));
  const record = () => Object.fromEntries(Array.from({ length: below(4) }, () => [text(), text()]));
  const anything = () =>
    one([text, number, () => undefined, () => null, () => true, () => [text()], record])();

  /** A value of a type, as wasm-bindgen writes it. */
  function ofType(type: string): unknown {
    const kinds = type.split(" | ").map((kind) => kind.trim());
    switch (one(kinds)) {
      case "string":
        return text();
      case "number":
        return number();
      case "boolean":
        return below(2) === 1;
      case "string[]":
        return Array.from({ length: below(4) }, text);
      case "number[]":
      case "Uint8Array":
        return new TextEncoder().encode(text());
      case "object":
        return record();
      case "any":
        return anything();
      case "null":
        return null;
      case "undefined":
        return undefined;
      default:
        throw new Error(`no value of the type ${type}`);
    }
  }
  return { below, one, text, number, ofType };
}
