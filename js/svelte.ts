/**
 * Who is signed in, and cookies that scripts may see, for Svelte 5: a store, and properties that runes follow.
 *
 * @module
 */
import { getContext, onDestroy, setContext } from "svelte";
import { createSubscriber } from "svelte/reactivity";
import { toStore } from "svelte/store";
import { type AuthSnapshot, createAuthState, type InitialAuth, snapshotOf } from "./auth-state.ts";
import {
  checkProvided,
  current as currentCookie,
  follow as followCookie,
  type ProvidedCookies,
  provided,
  remove,
  write,
} from "./cookie-state.ts";
import type { CookieOptions } from "./cookies.ts";

export type { AuthSnapshot, InitialAuth } from "./auth-state.ts";
export type { ProvidedCookies } from "./cookie-state.ts";

const KEY = Symbol.for("httponly.auth");

// One for the page. A server renders for many at once, so there a request's own snapshot is in the context, and this
// one stays as it is.
const page = createAuthState();
const onServer = typeof document === "undefined";

function current(): AuthSnapshot {
  if (!onServer) return page.get();
  try {
    return getContext<(() => AuthSnapshot) | undefined>(KEY)?.() ?? snapshotOf(undefined);
  } catch {
    // Outside a component there is no request to speak of.
    return snapshotOf(undefined);
  }
}

const follow = createSubscriber((update) => page.subscribe(update));

/** A property that a rune follows. */
function followed(): AuthSnapshot {
  if (!onServer) follow();
  return current();
}

/** Who is signed in. */
export interface SvelteAuthState extends AuthSnapshot {
  /** The store contract: `$authState.user`. */
  subscribe(run: (value: AuthSnapshot) => void): () => void;
  /**
   * In the root layout's script: says what the server found out, so that the first render shows it, and again whenever
   * the layout's data changes.
   */
  provide(initial: () => InitialAuth): void;
  /** Asks the server now: after the app changed the user, say. */
  refresh(): Promise<AuthSnapshot>;
}

/**
 * Who is signed in: `$authState.user` as a store, `authState.user` in templates, `$derived` and `$effect`.
 *
 * It changes by {@link signin} and {@link signout}, by another tab, and by what the server says when the visitor comes
 * back to the page. During SSR it knows what {@link SvelteAuthState.provide} was given for this request, and nothing of
 * another one's.
 *
 * @example
 * ```svelte
 * <script>
 *   import { authState } from "httponly/svelte";
 *   let { data, children } = $props();
 *   authState.provide(() => ({ user: data.user, session: data.session, status: data.status }));
 * </script>
 * {#if authState.user}Hello, {authState.user.name}{/if}
 * ```
 */
export const authState: SvelteAuthState = {
  get status() {
    return followed().status;
  },
  get user() {
    return followed().user;
  },
  get session() {
    return followed().session;
  },
  get error() {
    return followed().error;
  },
  subscribe(run) {
    run(current());
    return onServer ? () => {} : page.subscribe(() => run(page.get()));
  },
  provide(initial) {
    if (onServer) {
      setContext(KEY, () => snapshotOf(initial()));
      return;
    }
    onDestroy(toStore(initial).subscribe((next) => page.hydrate(next)));
  },
  refresh: () => page.refresh(),
};

const COOKIES = Symbol.for("httponly.cookies");

/**
 * In the root layout's script: gives {@link cookie} the request's cookies during SSR.
 *
 * @param cookies gives the request's cookies by name, of those that scripts may see. They come from the layout's data,
 *   which is part of the page, so name each: the record of all of them would hand HttpOnly cookies to scripts.
 * @throws TypeError for a header
 * @example
 * ```svelte
 * <script>
 *   import { provideCookies } from "httponly/svelte";
 *   let { data, children } = $props(); // +layout.server.ts: { cookies: { theme: cookies.get("theme") } }
 *   provideCookies(() => data.cookies);
 * </script>
 * ```
 */
export function provideCookies(cookies: () => ProvidedCookies): void {
  if (!onServer) return;
  setContext(COOKIES, () => {
    const given = cookies();
    checkProvided("provideCookies: cookies", given);
    return given;
  });
}

function rendered(name: string): string | null {
  let cookies: ProvidedCookies | undefined;
  try {
    cookies = getContext<(() => ProvidedCookies) | undefined>(COOKIES)?.();
  } catch (error) {
    if (error instanceof TypeError) throw error;
    // Outside a component there is no request to speak of.
  }
  return provided(name, cookies);
}

/** A cookie that scripts may see; made by {@link cookie}. */
export interface SvelteCookie {
  /**
   * Its value, or null. Templates, `$derived` and `$effect` follow it: changes by this page, by another tab, by a response,
   * or because it expired. Assigning sets the cookie, and null deletes it.
   */
  value: string | null;
  /** Sets it, with more options than {@link cookie} was given. */
  set(value: string, options?: CookieOptions): void;
  /** Deletes it. */
  remove(): void;
}

/**
 * A cookie that scripts may see, reactively. During SSR it has the value that {@link provideCookies} was given.
 *
 * @param options what it is set with
 * @throws {HttpOnlyError} assigning, `set` and `remove`, as `setCookie` and `deleteCookie`
 * @example
 * ```svelte
 * <script>
 *   import { cookie } from "httponly/svelte";
 *   const theme = cookie("theme", { maxAge: 31_536_000 });
 * </script>
 * <button onclick={() => (theme.value = "dark")}>{theme.value ?? "light"}</button>
 * ```
 */
export function cookie(name: string, options?: CookieOptions): SvelteCookie {
  const followed = createSubscriber((update) => followCookie(name, update));
  const set = (value: string, more?: CookieOptions) => write(name, value, { ...options, ...more });
  return {
    get value() {
      if (onServer) return rendered(name);
      followed();
      return currentCookie(name);
    },
    set value(value) {
      if (value === null) remove(name, options);
      else set(value);
    },
    set,
    remove: () => remove(name, options),
  };
}
