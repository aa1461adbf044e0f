/**
 * Cookies that scripts may see, in the page and during SSR.
 *
 * @module
 */
import { refusal } from "./errors.ts";
import { cookies } from "./wasm/cookies.ts";

/** What a cookie is set with. */
export interface CookieOptions {
  /** Seconds to live; 0 deletes. Omitted: a session cookie. Above 400 days it is cut, as browsers do. */
  maxAge?: number;
  /** The time at which it ends; `maxAge` beats it. */
  expires?: Date;
  /** In any letter case. Default `Lax`. `None` needs https. */
  sameSite?: "Lax" | "Strict" | "None" | Lowercase<"Lax" | "Strict" | "None">;
  /** Default `/`. */
  path?: string;
  /** Default true: `Domain=<hostname>`; host-only where that gains nothing or is refused: localhost, an address, a single label, `__Host-`. */
  includeSubdomains?: boolean;
  /** A parent domain of the page's host. */
  domain?: string;
  /** Default false; implied by `sameSite: "None"`, `partitioned` and the name prefixes. */
  secure?: boolean;
  /** A jar of its own for each top-level site (CHIPS). Needs https. */
  partitioned?: boolean;
  /** Default true: read back, and throw `not-stored` if the browser kept nothing. */
  verify?: boolean;
}

/** Where a cookie is read from. */
export interface CookieSource {
  /** The node for which it is read: null inside a shadow root. */
  root?: Node;
  /** During SSR: the request's `Cookie` header, or a record of decoded values. Beats `root`. */
  cookies?: string | Record<string, string>;
}

export function getCookie(name: string, from?: CookieSource): string | null {
  const given = from?.cookies;
  if (given && typeof given === "object")
    return name && Object.hasOwn(given, name) ? (given[name] ?? null) : null;
  const module = cookies();
  return module.value(module.getCookie(name, from?.root, given));
}

export function setCookie(name: string, value: string, options: CookieOptions = {}): void {
  const { maxAge, expires, sameSite, path, includeSubdomains, domain, secure, partitioned, verify } = options;
  const refused = cookies().setCookie(
    name,
    value,
    maxAge,
    expires,
    sameSite,
    path,
    includeSubdomains,
    domain,
    secure,
    partitioned,
    verify,
  );
  if (refused) throw refusal(refused);
}

export function deleteCookie(
  name: string,
  options: Pick<CookieOptions, "path" | "domain" | "includeSubdomains"> = {},
): void {
  const refused = cookies().deleteCookie(name, options.path, options.includeSubdomains, options.domain);
  if (refused) throw refusal(refused);
}
