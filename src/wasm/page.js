// The JavaScript half of the cookies door. It copies texts into the module's memory, and keeps the header that the
// module has read, so that values are slices of the browser's own string. It decides nothing.

let wasm;
let units;
/** Where the texts of a call go, in units. */
let room;
/** Where the next text is copied to, in units. */
let next;
/** The header that was turned to last, whether it was one of bytes, and its text, of which values are slices. */
let last;
let wasBytes;
let header;
/** How often bytes may turn out to be no UTF-8. */
let tries;

// `turn` and `write` can run foreign JavaScript: a patched `document.cookie`, which may use this module. So nothing of
// the kind runs between the copying of texts and the call for which they are copied.

/** Connects with the exports of the module's instance. */
export function attach(exports) {
  wasm = exports;
  room = wasm.room() / 2;
}

/** Copies a text; returns a number above 127 if it is not ASCII. */
function copy(text, at) {
  if (!units?.length) units = new Uint16Array(wasm.memory.buffer);
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits |= units[at + i] = text.charCodeAt(i);
  return bits;
}

/**
 * HTTP libraries give a header as one character a byte. Bytes that are UTF-8 become text, as the page has it. What is
 * none throws, which takes long: after so many no more are tried.
 */
function decode(bytes) {
  try {
    return tries ? decodeURIComponent(escape(bytes)) : bytes;
  } catch {
    tries--;
    return bytes;
  }
}

/** Copies a text that is not too long; returns its length, -1 for what is no string, -2 for nothing. */
function put(text) {
  if (typeof text !== "string") return text == null ? -2 : -1;
  if (text.length <= 4096) {
    copy(text, next);
    next += text.length;
  }
  return text.length;
}

/** 0 for nothing, 1 for false, 2 for true, 3 for anything else. */
function kind(value) {
  return value == null ? 0 : typeof value === "boolean" ? 1 + value : 3;
}

/** A lifetime in seconds; -Infinity for none, NaN for a `maxAge` that is no number, -2 for an `expires` that is no date. */
function seconds(maxAge, expires) {
  if (maxAge != null) return typeof maxAge === "number" ? Math.max(maxAge, -1) : NaN;
  if (expires == null) return -Infinity;
  const left = expires instanceof Date ? (expires - Date.now()) / 1000 : NaN;
  return Number.isNaN(left) ? -2 : Math.max(left, 0);
}

/** `document.cookie`; undefined where there is no document, or none that may have cookies (a sandboxed frame). */
function jar() {
  try {
    return document.cookie;
  } catch {}
}

/**
 * The value of a cookie in a header, decoded where that is possible; null where there is none. `bytes`: the header may
 * hold one character a byte.
 */
export function getCookie(name, text, bytes) {
  const length = turn(text, bytes);
  next = room;
  const range = wasm.get(put(name), length);
  if (range < 0) return null;
  const value = header.slice((range / 2) % 2 ** 26, range / 2 ** 27);
  if (range % 2)
    try {
      return decodeURIComponent(value);
    } catch {}
  return value;
}

/** Sets a cookie; 0, or the refusal as a number. */
export function setCookie(name, value, options) {
  const { maxAge, expires, sameSite, path, includeSubdomains, domain, secure, partitioned, verify } =
    options ?? {};
  const lifetime = seconds(maxAge, expires);
  next = room;
  return wasm.set(
    put(name),
    put(value),
    put(path),
    put(domain),
    put(sameSite),
    lifetime,
    kind(includeSubdomains),
    kind(secure),
    kind(partitioned),
    kind(verify),
  );
}

/** Expires a cookie at every scope that the options leave open; 0, or the refusal as a number. */
export function deleteCookie(name, options) {
  const { path, includeSubdomains, domain } = options ?? {};
  let refused = 0;
  for (let scope = 0; scope < 4 && !refused; scope++) {
    next = room;
    refused = wasm.remove(scope, put(name), put(path), put(domain), kind(includeSubdomains));
  }
  return refused;
}

/** What stands for a cookie that the page cannot read: the form of src/template.rs. */
export function getHttpOnlyCookie(name) {
  return typeof name === "string" && name ? `{{ cookies.${name} }}` : null;
}

// What the module calls.

/** Turns to a header, by default to the document's: its length, -2 for that of the last time, -1 for none. */
export function turn(text = jar(), bytes = false) {
  if (typeof text !== "string") return -1;
  if (text === last && bytes === wasBytes) return -2;
  header = last = text;
  wasBytes = bytes;
  return text.length;
}

/** Copies the header to where the module has room; returns its length, which may be less than it was. */
export function read(pointer) {
  if (copy(header, pointer / 2) > 127 && wasBytes) {
    tries = 99;
    header = header.replace(/[\x80-\xff]+/g, decode);
    copy(header, pointer / 2);
  }
  return header.length;
}

/** Gives the document a cookie, which is ASCII; false where it may have none. */
export function write(pointer, length) {
  try {
    document.cookie = String.fromCharCode(...new Uint8Array(wasm.memory.buffer, pointer, length));
    return true;
  } catch {}
}

/** Of the page, put behind the other texts; no host without a document. */
export const host = () => put(globalThis.document && (globalThis.location?.hostname ?? ""));
export const path = () => put(globalThis.location?.pathname);
export const secure = () => globalThis.isSecureContext;
