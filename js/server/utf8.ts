/**
 * UTF-8. The coders are made when they are first needed: there are test runners whose environment lacks them.
 *
 * @module
 */

/** What `make` makes, once, on the first call. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const encoder = once(() => new TextEncoder());
const lenient = once(() => new TextDecoder());
const strict = once(() => new TextDecoder("utf-8", { fatal: true }));
const whole = once(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }));

export const encode = (text: string) => encoder().encode(text);
export const encodeInto = (text: string, room: Uint8Array) => encoder().encodeInto(text, room);
/** What is no UTF-8 becomes U+FFFD. */
export const decodeLenient = (bytes: Uint8Array | ArrayBuffer) => lenient().decode(bytes);
/** @throws TypeError for what is no UTF-8 */
export const decode = (bytes: Uint8Array | ArrayBuffer) => strict().decode(bytes);
/** As {@link decode}, and a byte order mark is a character like any other. */
export const decodeWhole = (bytes: Uint8Array | ArrayBuffer) => whole().decode(bytes);
