/**
 * A cookie as a page shows it: the part that `httponly/svelte` and `httponly/react` share.
 *
 * @module
 */
import { onCookieChange } from "./cookie-change.ts";
import { type CookieOptions, deleteCookie, getCookie, setCookie } from "./cookies.ts";
import { notify } from "./notify.ts";

/** The cookies that the page is given while it is rendered: those by name that its scripts may see. */
export type ProvidedCookies = Readonly<Record<string, string | null | undefined>>;

interface Followed {
  value: string | null;
  readonly listeners: Set<() => void>;
  readonly end: () => void;
}

const followed = new Map<string, Followed>();

/** The value of a cookie in the page: the one that was told last, where somebody listens. */
export function current(name: string): string | null {
  const entry = followed.get(name);
  return entry ? entry.value : getCookie(name);
}

function become(name: string, value: string | null): void {
  const entry = followed.get(name);
  if (!entry || entry.value === value) return;
  entry.value = value;
  notify(entry.listeners);
}

/** Calls a listener after each change of a cookie's value; gives a function that ends it. */
export function follow(name: string, listener: () => void): () => void {
  let entry = followed.get(name);
  if (!entry) {
    const end = onCookieChange((change) => {
      if (change.name === name) become(name, change.value);
    });
    entry = { value: getCookie(name), listeners: new Set(), end };
    followed.set(name, entry);
  }
  const { listeners, end } = entry;
  const own = () => listener();
  listeners.add(own);
  return () => {
    if (!listeners.delete(own) || listeners.size > 0) return;
    end();
    followed.delete(name);
  };
}

/** Sets a cookie, and tells those who follow it at once. Throws as {@link setCookie}. */
export function write(name: string, value: string, options?: CookieOptions): void {
  setCookie(name, value, options);
  become(name, getCookie(name));
}

/** Deletes a cookie, and tells those who follow it at once. Throws as {@link deleteCookie}. */
export function remove(name: string, options?: CookieOptions): void {
  const { path, domain, includeSubdomains } = options ?? {};
  deleteCookie(name, { path, domain, includeSubdomains });
  become(name, getCookie(name));
}

/** The value of a cookie while the page is rendered on a server, and while it is hydrated. */
export function provided(name: string, cookies: ProvidedCookies | undefined): string | null {
  return cookies && Object.hasOwn(cookies, name) ? (cookies[name] ?? null) : null;
}

/**
 * Refuses a whole header: what is provided becomes part of the page, which must not hold HttpOnly cookies.
 *
 * @throws TypeError for what is no record
 */
export function checkProvided(where: string, cookies: unknown): void {
  if (typeof cookies !== "object" || cookies === null || Array.isArray(cookies))
    throw new TypeError(
      `${where} must be an object of the cookies by name that scripts may see, got ${typeof cookies}: all of a request's would hand HttpOnly ones to the page`,
    );
}
