/**
 * Cookies that no script may see: the page asks its own server to set them.
 *
 * @module
 */
import type { CookieOptions } from "./cookies.ts";
import { type ErrorCode, HttpOnlyError } from "./errors.ts";
import { instantiate } from "./wasm/load.ts";

/** What an HttpOnly cookie is set with; always `Secure; HttpOnly`. */
export type HttpOnlyCookieOptions = Pick<
  CookieOptions,
  "maxAge" | "expires" | "sameSite" | "path" | "includeSubdomains"
>;

/** Where the page's requests go. */
export interface Configuration {
  /** A path on the page's origin. Default `/.nordcraft/cookies/set-cookie`. */
  cookieEndpoint?: string | undefined;
  /** A path on the page's origin. Default `/auth/handler`. */
  authEndpoint?: string | undefined;
  /** Default `POST`, so that no token stands in a URL or a log. `GET` speaks to a server that has only that. */
  method?: "POST" | "GET" | undefined;
}

const SESSION_ENDPOINT = "/.toddle/cookies/set-session-cookie";

const configuration = {
  cookieEndpoint: "/.nordcraft/cookies/set-cookie",
  authEndpoint: "/auth/handler",
  method: "POST",
};

/** Changes where the page's requests go; what is not named stays as it is. */
export function configure(options: Configuration): void {
  for (const [key, value] of Object.entries(options ?? {}))
    if (value !== undefined) configuration[key as keyof Configuration] = value;
}

/** Asks an endpoint of the page's own server, and makes an error of what it or the module refuses. */
async function ask(endpoint: string, name: unknown, value: unknown, options: unknown): Promise<void> {
  const account = await import("./wasm/account.ts");
  account.load(instantiate);
  try {
    await account.setHttpOnlyCookie(endpoint, configuration.method, name, value, options ?? {});
  } catch (thrown) {
    const { code, message, rule } = thrown as { code: ErrorCode; message: string; rule?: string };
    throw thrown instanceof Error ? thrown : new HttpOnlyError(code, message, rule);
  }
}

/**
 * Sets a cookie that no script can read, through the cookie endpoint of the page's own server.
 *
 * Without `maxAge` and `expires`, a JWT lives until its `exp`, anything else until the browser is closed.
 *
 * @throws {HttpOnlyError} what {@link setCookie} would throw, before anything is sent; `network`; the endpoint's own
 *   code, or `endpoint-refused` if it gives none
 * @example
 * ```ts
 * await setHttpOnlyCookie("access_token", token);
 * await setHttpOnlyCookie("access_token", "", { maxAge: 0 }); // signs out
 * ```
 */
export function setHttpOnlyCookie(
  name: string,
  value: string,
  options?: HttpOnlyCookieOptions,
): Promise<void> {
  return ask(configuration.cookieEndpoint, name, value, options);
}

/**
 * Deletes a cookie that no script can read; give the path that it was set with. Unless `includeSubdomains` says which,
 * both the Domain and the host-only cookie go. Throws as {@link setHttpOnlyCookie}.
 */
export function deleteHttpOnlyCookie(
  name: string,
  options?: Pick<HttpOnlyCookieOptions, "path" | "includeSubdomains">,
): Promise<void> {
  return ask(configuration.cookieEndpoint, name, "", { ...options, maxAge: 0 });
}

/**
 * Sets the cookie `access_token` through the endpoint's old path.
 *
 * @deprecated `setHttpOnlyCookie("access_token", token)` does the same.
 * @param ttl seconds to live
 */
export function setSessionCookies(accessToken: string, ttl?: number): Promise<void> {
  return ask(SESSION_ENDPOINT, "access_token", accessToken, { maxAge: ttl });
}
