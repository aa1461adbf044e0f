/**
 * Cookies that scripts may see, in the page and during SSR.
 *
 * @module
 */
import { refusal } from "./errors.ts";
import { found, header, last, read, wasBytes } from "./wasm/read.ts";
import { write } from "./wasm/write.ts";

/** What a cookie is set with. */
export interface CookieOptions {
  /** Seconds to live; 0 deletes. Omitted: a session cookie. Above 400 days it is cut, as browsers do. */
  maxAge?: number | undefined;
  /** The time at which it ends; `maxAge` beats it. */
  expires?: Date | undefined;
  /** In any letter case. Default `Lax`. `None` needs https. */
  sameSite?: "Lax" | "Strict" | "None" | Lowercase<"Lax" | "Strict" | "None"> | undefined;
  /** Default `/`. */
  path?: string | undefined;
  /** Default true: `Domain=<hostname>`; host-only where that gains nothing or is refused: localhost, an address, a single label, `__Host-`. */
  includeSubdomains?: boolean | undefined;
  /** A parent domain of the page's host. */
  domain?: string | undefined;
  /** Default false; implied by `sameSite: "None"`, `partitioned` and the name prefixes. */
  secure?: boolean | undefined;
  /** A jar of its own for each top-level site (CHIPS). Needs https. */
  partitioned?: boolean | undefined;
  /** Default true: read back, and throw `not-stored` if the browser kept nothing. */
  verify?: boolean | undefined;
}

/** Where a cookie is read from. */
export interface CookieSource {
  /** The node for which it is read: null inside a shadow root. */
  root?: Node | undefined;
  /** During SSR: the request's `Cookie` header, or a record of decoded values. Beats `root`. */
  cookies?: string | Record<string, string> | undefined;
}

/**
 * Reads a cookie that scripts may see: from the document, or during SSR from the request. Both give the same answer.
 *
 * @returns the decoded value; one that does not decode as it is; the first of several. `null` if there is none, for a
 *   name that no cookie can have, inside a shadow root, and where there is neither a document nor `cookies`
 * @example
 * ```ts
 * getCookie("theme"); // in the page
 * getCookie("theme", { cookies: request.headers.get("cookie") ?? "" }); // during SSR
 * ```
 */
export function getCookie(name: string, from?: CookieSource): string | null {
  let cookies = from?.cookies;
  if (cookies && typeof cookies === "object")
    return name && Object.hasOwn(cookies, name) ? (cookies[name] ?? null) : null;
  const given = cookies != null;
  if (!given) {
    if (from?.root && globalThis.ShadowRoot && from.root.getRootNode() instanceof ShadowRoot) return null;
    // Chromium looks at each frame of the stack when the document's cookies are read: so here, and no call deeper.
    try {
      cookies = document.cookie;
    } catch {}
  }
  // Here and not in `read`: what was found in the same header is found again at the cost of a bare read.
  const value = cookies === last && given === wasBytes ? found.get(name) : undefined;
  return value === undefined ? read(name, cookies, given) : value;
}

/**
 * All cookies that scripts may see, as {@link getCookie} gives each: a plain object, which frameworks take as a prop.
 *
 * During SSR it holds the request's HttpOnly cookies as well, which no page may be given: pick those by name that the page
 * is to have.
 */
export function getCookies(from?: CookieSource): Record<string, string> {
  const { cookies, root } = from ?? {};
  if (cookies && typeof cookies === "object") return { ...cookies };
  if (cookies != null) return cookiesIn(cookies, true);
  if (root && globalThis.ShadowRoot && root.getRootNode() instanceof ShadowRoot) return {};
  try {
    return cookiesIn(document.cookie, false);
  } catch {
    return {};
  }
}

/** All cookies of a header; `isBytes`: it may hold one character a byte. */
export function cookiesIn(text: string, isBytes: boolean): Record<string, string> {
  // Has the header read: `header` is what it says.
  read("", text, isBytes);
  if (typeof text !== "string") return {};
  // What may be a name; whether it is one, and of which value, is what `read` knows.
  const names = header.split(";").map((pair) => pair.split("=", 1)[0]?.replace(/^[ \t]+|[ \t]+$/g, "") ?? "");
  const found = names.map((name) => [name, read(name, text, isBytes)] as const);
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== null));
}

/**
 * Sets a cookie that scripts may see, and looks whether the browser kept it.
 *
 * @param value any text without control characters and lone surrogates; what a cookie cannot carry is percent-encoded
 * @throws {HttpOnlyError} before the write, for whatever a browser would drop silently; after it with the code
 *   `not-stored`, if the browser kept nothing
 * @example
 * ```ts
 * setCookie("theme", "dark", { maxAge: 3600 });
 * ```
 */
export function setCookie(name: string, value: string, options?: CookieOptions): void {
  done(write(name, value, options ?? {}), { ...options, name, value });
}

/**
 * Deletes a cookie that scripts may see. Without `domain` both the host-only and the Domain cookie go, partitioned or
 * not. A cookie is told apart by its path: give the one that it was set with.
 *
 * @throws {HttpOnlyError} with the code `not-stored`, if a cookie of the name is still there
 */
export function deleteCookie(
  name: string,
  options?: Pick<CookieOptions, "path" | "domain" | "includeSubdomains">,
): void {
  done(write(name, "", options ?? {}, true), { ...options, name });
}

/**
 * What stands for a cookie that no script can read: `{{ cookies.name }}`, which the API proxy fills in where the cookie
 * is granted. The same in the page and during SSR; whether there is such a cookie cannot be known here.
 *
 * @returns null for what is no name: the empty text, and what is no text
 * @example
 * ```ts
 * fetch("/api/proxy/shop/me", { headers: { authorization: `Bearer ${getHttpOnlyCookie("access_token")}` } });
 * ```
 */
export function getHttpOnlyCookie(name: string): string | null {
  return typeof name === "string" && name ? `{{ cookies.${name} }}` : null;
}

function done(refused: number, given: Record<string, unknown>): void {
  if (refused) throw refusal(refused, given);
}
