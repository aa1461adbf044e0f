// What the cookies module needs of the page and web-sys gives only as a copy, or as an object to keep.

/** The header that was read last. */
let header = null;

/** Copies the UTF-16 code units of a text that fits; returns their number, -1 for no string, -2 for nothing. */
export function copy(text, into) {
  if (typeof text !== "string") return text == null ? -2 : -1;
  const { length } = text;
  if (length <= into.length) for (let i = 0; i < length; i++) into[i] = text.charCodeAt(i);
  return length;
}

/**
 * Turns to a header, or to `document.cookie` where none is given; returns its length, -2 if it is the one of the last
 * time, -1 where there is none: no document, or a sandboxed frame.
 */
export function turn(text) {
  try {
    text ??= document.cookie;
  } catch {}
  if (text === header) return -2;
  if (typeof text !== "string") return -1;
  header = text;
  return text.length;
}

/** Copies the header, which fits. */
export function read(into) {
  copy(header, into);
}

/** A value of the header that was read last, decoded where that is possible; null for a negative range. */
export function value(range) {
  if (range < 0) return null;
  const text = header.slice((range / 2) % 2 ** 26, range / 2 ** 27);
  if (range % 2)
    try {
      return decodeURIComponent(text);
    } catch {}
  return text;
}

/** Gives `document.cookie` a cookie, in ASCII. */
export function write(bytes) {
  document.cookie = String.fromCharCode(...bytes);
}

/** A lifetime in seconds; -Infinity for none, NaN for a `maxAge` that is no number, -2 for an `expires` that is no date. */
export function seconds(maxAge, expires) {
  if (maxAge != null) return typeof maxAge === "number" ? Math.max(maxAge, -1) : NaN;
  if (expires == null) return -Infinity;
  const left = expires instanceof Date ? (expires - Date.now()) / 1000 : NaN;
  return left === left ? Math.max(left, 0) : -2;
}

export const host = (into) => copy(location.hostname, into);
export const path = (into) => copy(location.pathname, into);
export const secure = () => isSecureContext;
