/**
 * Who is signed in, for Svelte 5: a store, and properties that runes follow.
 *
 * @module
 */
import { getContext, onDestroy, setContext } from "svelte";
import { createSubscriber } from "svelte/reactivity";
import { toStore } from "svelte/store";
import { type AuthSnapshot, createAuthState, type InitialAuth, snapshotOf } from "./auth-state.ts";

export type { AuthSnapshot, InitialAuth } from "./auth-state.ts";

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
