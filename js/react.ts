"use client";
/**
 * Who is signed in, for React.
 *
 * @module
 */
import {
  createContext,
  createElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { type AuthSnapshot, type AuthState, createAuthState, type InitialAuth } from "./auth-state.ts";

export type { AuthSnapshot, InitialAuth } from "./auth-state.ts";

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
