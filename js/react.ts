"use client";
/**
 * Who is signed in, and cookies that scripts may see, for React.
 *
 * @module
 */
import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { type AuthSnapshot, type AuthState, createAuthState, type InitialAuth } from "./auth-state.ts";
import {
  checkProvided,
  current,
  follow,
  type ProvidedCookies,
  provided,
  remove,
  write,
} from "./cookie-state.ts";
import type { CookieOptions } from "./cookies.ts";

export type { AuthSnapshot, InitialAuth } from "./auth-state.ts";
export type { ProvidedCookies } from "./cookie-state.ts";

const Context = createContext<AuthState | null>(null);

/** What {@link AuthProvider} takes. */
export interface AuthProviderProps {
  /**
   * What the server found out while rendering: `session(auth)` of `httponly/next`, or another answer of `getSession`.
   * The first render shows it, on the server and in the page. Without it the status is `loading` until the page has asked.
   */
  initial?: InitialAuth | undefined;
  children?: ReactNode;
}

/**
 * Makes {@link useAuth} work below it. Around the app, once.
 *
 * @example
 * ```tsx
 * const { user, session: found, status } = await session(auth);
 * return <AuthProvider initial={{ user, session: found, status }}>{children}</AuthProvider>;
 * ```
 */
export function AuthProvider({ initial, children }: AuthProviderProps): ReactNode {
  const [state] = useState(() => createAuthState(initial));
  useEffect(() => {
    if (initial) state.hydrate(initial);
  }, [state, initial]);
  return createElement(Context.Provider, { value: state }, children);
}

/** What {@link useAuth} gives. */
export interface UseAuth extends AuthSnapshot {
  /** Asks the server now: after the app changed the user, say. */
  refresh(): Promise<AuthSnapshot>;
}

/**
 * Who is signed in. A component that uses it renders again after each change: by {@link signin} and {@link signout}, by
 * another tab, or by what the server says when the visitor comes back to the page.
 *
 * @throws TypeError outside {@link AuthProvider}
 * @example
 * ```tsx
 * const { user, status } = useAuth();
 * ```
 */
export function useAuth(): UseAuth {
  const state = useContext(Context);
  if (!state) throw new TypeError("useAuth needs an AuthProvider around it");
  const snapshot = useSyncExternalStore(state.subscribe, state.get, () => state.initial);
  return useMemo(() => ({ ...snapshot, refresh: state.refresh }), [snapshot, state]);
}

const Cookies = createContext<ProvidedCookies | undefined>(undefined);

/** What {@link CookieProvider} takes. */
export interface CookieProviderProps {
  /**
   * The request's cookies by name, of those that scripts may see. They become part of the page, so name each: the record
   * of all of them would hand HttpOnly cookies to scripts.
   */
  cookies: ProvidedCookies;
  children?: ReactNode;
}

/**
 * Makes {@link useCookie} read the request's cookies during SSR. Around the app, once.
 *
 * @throws TypeError for a header
 * @example
 * ```tsx
 * const theme = (await cookies()).get("theme")?.value;
 * return <CookieProvider cookies={{ theme }}>{children}</CookieProvider>;
 * ```
 */
export function CookieProvider({ cookies, children }: CookieProviderProps): ReactNode {
  checkProvided("CookieProvider: cookies", cookies);
  return createElement(Cookies.Provider, { value: cookies }, children);
}

/** What {@link useCookie} gives: the value, or null; what sets it; what deletes it. */
export type UseCookie = readonly [
  value: string | null,
  set: (value: string, options?: CookieOptions) => void,
  remove: () => void,
];

/**
 * A cookie that scripts may see. A component that uses it renders again after each change: by this page, by another tab,
 * by a response, or because it expired.
 *
 * During SSR, and for the first render in the page, it has the value that {@link CookieProvider} was given.
 *
 * @param options what `set` sets it with, and where `remove` looks for it; `set` takes more of them
 * @throws {HttpOnlyError} `set` and `remove`, as `setCookie` and `deleteCookie`
 * @example
 * ```tsx
 * const [theme, setTheme, removeTheme] = useCookie("theme", { maxAge: 31_536_000 });
 * return <button onClick={() => setTheme("dark")}>{theme ?? "light"}</button>;
 * ```
 */
export function useCookie(name: string, options?: CookieOptions): UseCookie {
  const cookies = useContext(Cookies);
  const value = useSyncExternalStore(
    useCallback((listener: () => void) => follow(name, listener), [name]),
    () => current(name),
    () => provided(name, cookies),
  );
  // Most give an object that is made anew by each render.
  const { expires, ...rest } = options ?? {};
  const key = JSON.stringify([rest, expires && +expires]);
  return useMemo(
    () => [
      value,
      (next: string, more?: CookieOptions) => write(name, next, { ...options, ...more }),
      () => remove(name, options),
    ],
    [name, value, key],
  );
}
