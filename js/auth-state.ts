/**
 * Who is signed in, as a page shows it: the part that `httponly/svelte` and `httponly/react` share.
 *
 * It starts with what the server rendered, so nothing flickers, and asks again when the visitor comes back to the page,
 * when another tab says that something changed, and after signing in or out here. A backend that is away signs nobody
 * out: `user` stays, and `status` says so.
 *
 * @module
 */
import { failureInAddress, getSession } from "./account.ts";
import { HttpOnlyError } from "./errors.ts";
import { notify } from "./notify.ts";
import type { Session, SessionAnswer, User } from "./server/auth/types.ts";
import { listen, type News, tellOthers } from "./session-channel.ts";

/** Who is signed in. */
export interface AuthSnapshot {
  /**
   * `loading`: nobody has said yet. The others are a {@link SessionAnswer}'s; when `unavailable` or `rejected`, `user`
   * and `session` are those that were last known.
   */
  readonly status: "loading" | SessionAnswer["status"];
  readonly user: User | null;
  readonly session: Session | null;
  /**
   * What went wrong last: looking up the session, signing in or signing out; null once one of them succeeds. Also what went
   * wrong at a provider or with a link that led back to this page with `?error=`, until somebody is signed in.
   */
  readonly error: HttpOnlyError | null;
}

/** What a server found out while rendering: an answer of `getSession`, or the parts of it that the page gets. */
export interface InitialAuth {
  user: User | null;
  session?: Session | null | undefined;
  /** When absent, it follows from `user`. */
  status?: SessionAnswer["status"] | undefined;
}

/** Who is signed in, and whoever wants to know. */
export interface AuthState {
  /** What it started with: what a page shows while it is hydrated. */
  readonly initial: AuthSnapshot;
  /** The same object until something changes. */
  get(): AuthSnapshot;
  /** Calls a listener after each change; while there is one in a page, it is kept up to date. */
  subscribe(listener: () => void): () => void;
  /** Asks the server now. It never throws: what goes wrong is in `error`. */
  refresh(): Promise<AuthSnapshot>;
  /** Takes what the server has rendered since; what it rendered the last time again says nothing new. */
  hydrate(initial: InitialAuth): void;
}

/** Milliseconds for which coming back to the page does not ask again. */
export const FOCUS_FLOOR = 60_000;

const NOBODY = { user: null, session: null };
const LOADING: AuthSnapshot = { status: "loading", ...NOBODY, error: null };

/** What the server rendered, as a snapshot; without it, nobody has said yet. */
export function snapshotOf(initial: InitialAuth | undefined): AuthSnapshot {
  if (!initial) return LOADING;
  const { user, session = null, status = user ? "authenticated" : "anonymous" } = initial;
  return { status, user: user ?? null, session, error: null };
}

const serialize = ({ status, user, session }: AuthSnapshot) => JSON.stringify([status, user, session]);

/** A state that starts with what the server rendered. One for a page; during SSR, one for a request. */
export function createAuthState(initial?: InitialAuth): AuthState {
  let state = snapshotOf(initial);
  let rendered = initial ? serialize(state) : undefined;
  /** When the server was asked last, or rendered. */
  let asked = initial ? Date.now() : Number.NEGATIVE_INFINITY;
  /** What led back to this page: no lookup makes that undone. */
  let cameBack: HttpOnlyError | null = null;
  /** Counts what makes answers that are under way worthless. */
  let turn = 0;
  const listeners = new Set<() => void>();

  const become = (next: AuthSnapshot) => {
    if (serialize(next) === serialize(state) && next.error === state.error) return;
    state = next;
    notify(listeners);
  };

  async function refresh(): Promise<AuthSnapshot> {
    const own = ++turn;
    asked = Date.now();
    try {
      const found = await getSession();
      if (own !== turn) return state;
      const before = state;
      become(
        found
          ? { status: "authenticated", ...found, error: null }
          : { status: "anonymous", ...NOBODY, error: cameBack },
      );
      tellOfChange(before);
    } catch (thrown) {
      if (own !== turn) return state;
      const error =
        thrown instanceof HttpOnlyError ? thrown : new HttpOnlyError("unavailable", String(thrown));
      become({ ...state, status: error.code === "rejected" ? "rejected" : "unavailable", error });
    }
    return state;
  }

  function hydrate(next: InitialAuth): void {
    const snapshot = snapshotOf(next);
    const text = serialize(snapshot);
    if (text === rendered) return;
    rendered = text;
    turn++;
    const before = state;
    // The server could not tell either: whoever was known stays.
    const unknown = snapshot.status === "unavailable" || snapshot.status === "rejected";
    asked = unknown ? Number.NEGATIVE_INFINITY : Date.now();
    become(unknown && !snapshot.user ? { ...snapshot, user: state.user, session: state.session } : snapshot);
    tellOfChange(before);
  }

  /** A form signs in and out too: other tabs learn of it by what the server renders afterwards. */
  function tellOfChange(before: AuthSnapshot): void {
    const told = (one: AuthSnapshot) => one.status === "authenticated" || one.status === "anonymous";
    if (listeners.size > 0 && told(state) && (before.user?.id !== state.user?.id || !told(before)))
      tellOthers(state.user?.id ?? null);
  }

  function hear({ user, error, elsewhere }: News): void {
    if (error || user !== undefined) cameBack = null;
    if (error) become({ ...state, error });
    if (user === undefined) return;
    if (elsewhere) {
      const known = state.status === "authenticated" || state.status === "anonymous";
      if (!known || user !== (state.user?.id ?? null)) void refresh();
    } else if (user === null) {
      turn++;
      asked = Date.now();
      become({ status: "anonymous", ...NOBODY, error: null });
    } else void refresh();
  }

  const comeBack = () => {
    if (document.visibilityState === "visible" && Date.now() - asked >= FOCUS_FLOOR) void refresh();
  };
  const goOnline = () => {
    if (state.status === "unavailable") void refresh();
  };
  // The back button brings back a page as it was left: perhaps that of someone who has signed out since.
  const restore = (event: PageTransitionEvent) => {
    if (event.persisted) void refresh();
  };

  function start(): () => void {
    const end = listen(hear);
    document.addEventListener("visibilitychange", comeBack);
    addEventListener("focus", comeBack);
    addEventListener("online", goOnline);
    addEventListener("pageshow", restore);
    void failureInAddress().then((error) => {
      if (error === null || state.user !== null || state.error !== null) return;
      cameBack = error;
      become({ ...state, error });
    });
    if (state.status === "authenticated" || state.status === "anonymous") tellOthers(state.user?.id ?? null);
    else void refresh();
    return () => {
      end();
      document.removeEventListener("visibilitychange", comeBack);
      removeEventListener("focus", comeBack);
      removeEventListener("online", goOnline);
      removeEventListener("pageshow", restore);
    };
  }

  let stop: (() => void) | undefined;
  return {
    initial: state,
    get: () => state,
    subscribe(listener) {
      // A wrapper of its own: a function that is passed twice is called twice, and ended once for each.
      const own = () => listener();
      listeners.add(own);
      if (typeof document !== "undefined") stop ??= start();
      return () => {
        listeners.delete(own);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
      };
    },
    refresh,
    hydrate,
  };
}
