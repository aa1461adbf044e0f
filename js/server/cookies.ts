/**
 * Cookies in requests and responses.
 *
 * @module
 */

import { callWasm, text, texts } from "../wasm/server.ts";
import { kindOf, type Names, ownOptions } from "./options.ts";
import { decodeWhole, encodeInto } from "./utf8.ts";

/** What a `Set-Cookie` line says. */
export interface SetCookie {
  /** Empty for a cookie without a name. */
  name: string;
  /** Decoded; as it stands in the line where it does not decode. */
  value: string;
  /** May lie further away than the 400 days that browsers keep a cookie. */
  expires?: Date;
  /** Seconds, at most 34,560,000 (400 days); zero and negative numbers delete. */
  maxAge?: number;
  /** In lower case, without a leading dot; absent for a host-only cookie. */
  domain?: string;
  /** Absent where the default path of the request holds. */
  path?: string;
  secure: boolean;
  httpOnly: boolean;
  /** Absent where the line has none or an unknown one. */
  sameSite?: "Lax" | "Strict" | "None";
  partitioned: boolean;
  /** Where {@link parseSetCookie} was asked for it: the value is as it stands in the line. */
  raw?: true;
  /** The attributes that this package does not know, such as `Priority=High`; with `raw` only. */
  more?: string[];
}

/** The attributes of a cookie that is to be set; none is added but the Secure that others demand. */
export interface SetCookieAttributes {
  /** Seconds; 0 deletes, and more than 400 days are cut. Browsers take it before `expires`. */
  maxAge?: number | undefined;
  expires?: Date | undefined;
  domain?: string | undefined;
  path?: string | undefined;
  /** Implied by SameSite=None, Partitioned and the name prefixes; `false` refuses them. */
  secure?: boolean | undefined;
  httpOnly?: boolean | undefined;
  /** In any letter case. */
  sameSite?: "Lax" | "Strict" | "None" | Lowercase<"Lax" | "Strict" | "None"> | undefined;
  partitioned?: boolean | undefined;
  /** Writes name and value byte for byte, as {@link parseSetCookie} gives them with `raw`, if browsers would store them. */
  raw?: boolean | undefined;
  /** Further attributes, each as it stands in a line: `Priority=High`. */
  more?: readonly string[] | undefined;
}

/** Those, and what a parsed line has beside them: it is written again as it was read. */
const ATTRIBUTES: Names<SetCookieAttributes & { name?: string; value?: string }> = {
  maxAge: true,
  expires: true,
  domain: true,
  path: true,
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
  raw: true,
  more: true,
  name: true,
  value: true,
};

type Module = Parameters<Parameters<typeof callWasm>[0]>[0];

let memory: WebAssembly.Memory | undefined;
let capacity = 0;
let room = new Uint8Array(0);
let words = new Uint32Array(0);
let numbers = new Float64Array(0);

/** Writes a text where the module reads it; the number of bytes. */
function write(m: Module, source: string): number {
  // A UTF-16 code unit takes at most three bytes.
  const needed = text("the argument", source).length * 3;
  if (memory === undefined || needed > capacity || room.buffer !== memory.buffer) {
    memory ??= m.moduleMemory() as WebAssembly.Memory;
    capacity = Math.max(needed, capacity, 4096);
    const address = m.reserve(capacity);
    room = new Uint8Array(memory.buffer, address, capacity);
  }
  return encodeInto(source, room).written;
}

/** The memory as it is now: it moves when it grows. */
function renew(): void {
  if (memory !== undefined && words.buffer !== memory.buffer) {
    words = new Uint32Array(memory.buffer);
    numbers = new Float64Array(memory.buffer);
  }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * HTTP libraries give a header as one character a byte. Bytes that are UTF-8 become text, as the page has it.
 *
 * What is no UTF-8 throws, which takes longer than all the rest: after so many no more are tried, here and in the
 * page's module alike.
 */
function textOf(header: string): string {
  let left = 99;
  return header.replace(/[\x80-\xff]+/g, (bytes) => {
    if (left === 0) return bytes;
    try {
      return decodeWhole(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    } catch {
      left--;
      return bytes;
    }
  });
}

/** The header that was read last: one request is read by several handlers. */
let lastHeader: string | undefined;
const names: string[] = [];
const values: string[] = [];
let length = 0;

/** Fills names and values, but for the names that the module knows from the header before. */
function readHeader(source: string): void {
  let header = source;
  let at = callWasm((m) => {
    let bytes = write(m, header);
    if (bytes !== header.length) {
      header = textOf(header);
      bytes = write(m, header);
    }
    return m.readCookies(bytes) >>> 2;
  });
  renew();
  const count = words[at++] as number;
  lastHeader = undefined;
  for (let i = 0; i < count; i++, at += 5) {
    const flags = words[at + 4] as number;
    if ((flags & 2) === 0) names[i] = header.slice(words[at], words[at + 1]);
    const value = header.slice(words[at + 2], words[at + 3]);
    values[i] = (flags & 1) === 0 ? value : decode(value);
  }
  length = count;
  lastHeader = source;
}

/** Headers as Node has them: of several `Cookie` headers, a list. */
interface PlainHeaders {
  readonly cookie?: string | readonly string[] | undefined;
}

/**
 * What carries cookies: a request of the Web or of Node, its headers, or the value of its `Cookie` header, which is
 * undefined or null where there is none.
 */
export type CookieCarrier =
  | string
  | null
  | undefined
  | Headers
  | PlainHeaders
  | { readonly headers: Headers | PlainHeaders };

/** @throws TypeError for what carries no cookies */
function headerOf(carrier: unknown): string | null {
  if (typeof carrier === "string" || carrier == null) return carrier ?? null;
  if (typeof carrier !== "object" || "length" in carrier)
    throw new TypeError(`getRequestCookies takes a request, its headers or a header, got ${kindOf(carrier)}`);
  if ("headers" in carrier && typeof carrier.headers === "object") return headerOf(carrier.headers);
  if ("get" in carrier && typeof carrier.get === "function") return headerOf(carrier.get("cookie"));
  const { cookie } = carrier as PlainHeaders;
  // RFC 9113 section 8.2.3: several are one.
  return Array.isArray(cookie) ? cookie.join("; ") : headerOf(cookie);
}

/**
 * The cookies of a request, or of the value of a `Cookie` header.
 *
 * Values are decoded; one that does not decode is returned as it stands. The first of equal names wins; a cookie
 * without a name has the name `""`. The object has no prototype, so that `toString` is a name like any other.
 *
 * @example
 * ```ts
 * getRequestCookies("a=1; b=2%3B").b; // "2;"
 * ```
 */
export function getRequestCookies(request: CookieCarrier): Record<string, string> {
  const header = headerOf(request);
  const cookies: Record<string, string> = Object.create(null);
  if (!header) return cookies;
  if (header !== lastHeader) readHeader(header);
  for (let i = 0; i < length; i++) {
    const name = names[i] as string;
    if (cookies[name] === undefined) cookies[name] = values[i] as string;
  }
  return cookies;
}

const SAME_SITE = [undefined, "Lax", "Strict", "None"] as const;

/**
 * Reads one `Set-Cookie` line as browsers do (RFC 6265bis section 5.6): the last attribute of each name counts.
 *
 * @returns `null` for a line that browsers ignore: with a control character, without name and value, or with more
 * than 4096 bytes of both
 *
 * @example
 * ```ts
 * parseSetCookie("id=1; Path=/; SameSite=lax; Max-Age=60");
 * // { name: "id", value: "1", path: "/", sameSite: "Lax", maxAge: 60, secure: false, … }
 *
 * const cookie = parseSetCookie(line, { raw: true }); // to pass it on with another Domain, say, and else as it is
 * if (cookie) serializeSetCookie(cookie.name, cookie.value, { ...cookie, domain: "app.example" });
 * ```
 * @param options `raw` leaves the value as it stands in the line, and gives the attributes that are not known as `more`
 */
export function parseSetCookie(line: string, options: { raw?: boolean } = {}): SetCookie | null {
  const { raw = false } = ownOptions("parseSetCookie", options, { raw: true });
  // As the page and `getRequestCookies` have it. With `raw`, it goes out as it came in.
  const read = raw || typeof line !== "string" ? line : textOf(line);
  const address = callWasm((m) => m.readSetCookie(write(m, read)));
  if (address === 0) return null;
  renew();
  const at = address >>> 3;
  const slice = (i: number) => read.slice(numbers[at + i], numbers[at + i + 1]);
  const flags = numbers[at + 11] as number;
  const value = slice(2);
  const cookie: SetCookie = {
    name: slice(0),
    value: flags & 8 && !raw ? decode(value) : value,
    secure: (flags & 1) !== 0,
    httpOnly: (flags & 2) !== 0,
    partitioned: (flags & 4) !== 0,
  };
  const [expires, maxAge] = [numbers[at + 8] as number, numbers[at + 9] as number];
  const sameSite = SAME_SITE[numbers[at + 10] as number];
  if (!Number.isNaN(expires)) cookie.expires = new Date(expires * 1000);
  if (!Number.isNaN(maxAge)) cookie.maxAge = maxAge;
  if (numbers[at + 4] !== -1) cookie.domain = flags & 16 ? slice(4).toLowerCase() : slice(4);
  if (numbers[at + 6] !== -1) cookie.path = slice(6);
  if (sameSite !== undefined) cookie.sameSite = sameSite;
  if (raw) Object.assign(cookie, { raw, more: callWasm((m) => m.unknownAttributes(line)) });
  return cookie;
}

/**
 * Writes a `Set-Cookie` line, its value encoded, that browsers store.
 *
 * @throws HttpOnlyError naming the rule by which a browser would drop the cookie
 *
 * @example
 * ```ts
 * serializeSetCookie("id", "50%", { path: "/", sameSite: "None" }); // "id=50%25; SameSite=None; Secure; Path=/"
 * ```
 */
export function serializeSetCookie(
  name: string,
  value: string,
  attributes: SetCookieAttributes = {},
): string {
  const own = ownOptions("serializeSetCookie", attributes, ATTRIBUTES);
  const { maxAge, expires, domain, path, secure, httpOnly, sameSite, partitioned, raw, more } = own;
  return callWasm((m) =>
    m.serializeSetCookie(
      name,
      value,
      maxAge,
      expires == null ? undefined : expires instanceof Date ? expires.getTime() : Number.NaN,
      domain,
      path,
      secure,
      httpOnly === true,
      sameSite,
      partitioned === true,
      raw === true,
      texts("serializeSetCookie: more", more) ?? [],
    ),
  );
}

/**
 * The `Set-Cookie` lines of a response, or of a text in which something joined them with commas.
 *
 * @example
 * ```ts
 * splitSetCookie("a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT, b=2"); // two lines
 * ```
 */
export function splitSetCookie(headers: Headers | string): string[] {
  if (typeof headers !== "string") {
    if (typeof headers.getSetCookie === "function") return headers.getSetCookie();
    return splitSetCookie(headers.get("set-cookie") ?? "");
  }
  return callWasm((m) => m.splitSetCookie(headers));
}

/**
 * Reads when a JSON Web Token expires, in seconds since 1970. Nothing is verified: never trust a token for this.
 *
 * @returns `{}` for a token without a numeric `exp`, `undefined` for whatever is no token
 */
export function decodeToken(token: unknown): { exp?: number } | undefined {
  if (typeof token !== "string") return undefined;
  const exp = callWasm((m) => m.decodeToken(token));
  if (exp === undefined) return undefined;
  return Number.isNaN(exp) ? {} : { exp };
}
