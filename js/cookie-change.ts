/**
 * Tells of changes to the cookies that scripts may see.
 *
 * A module of its own, which nothing else imports: a page that does not listen does not download it.
 *
 * @module
 */

import { cookiesIn, getCookies } from "./cookies.ts";
import { notify } from "./notify.ts";

/** A cookie that has changed. */
export interface CookieChange {
  readonly name: string;
  /** As `getCookie` gives it; null once the cookie is gone. */
  readonly value: string | null;
}

/** The part of `CookieStore` that is used here; TypeScript's own types do not have all of it yet. */
interface Store extends EventTarget {
  getAll(): Promise<readonly { readonly name?: string; readonly value?: string }[]>;
}

/** Milliseconds after which a visible page looks by itself: no event tells of all that happens. */
const LOOK = 1_000;
const CHANNEL = "httponly.cookies";
const listeners = new Set<(change: CookieChange) => void>();
let stop: (() => void) | undefined;

/**
 * Calls a listener after each change of a cookie that scripts may see, once for each cookie.
 *
 * What this page writes is told at once. So is, where the browser has a `CookieStore` (secure contexts only), what other
 * tabs and responses change; elsewhere, what other tabs write that listen too. Everything else, such as a cookie that
 * expires, is told within a second while the page is visible, or when the visitor comes back to it. The value that is told
 * last is the true one; of several changes within an instant, the first may be passed over. Cookies that no script can
 * read never appear, and in a frame that may have no cookies nothing does.
 *
 * @returns a function that ends it
 * @example
 * ```ts
 * const end = onCookieChange(({ name, value }) => {
 *   if (name === "theme") document.documentElement.dataset.theme = value ?? "light";
 * });
 * ```
 */
export function onCookieChange(listener: (change: CookieChange) => void): () => void {
  // A wrapper of its own: a function that is passed twice is called twice, and ended once for each.
  const own = (change: CookieChange) => listener(change);
  listeners.add(own);
  if (typeof document !== "undefined") stop ??= start();
  return () => {
    listeners.delete(own);
    if (listeners.size > 0) return;
    stop?.();
    stop = undefined;
  };
}

/** What the listeners know: each cookie's value, decoded. */
let known = new Map<string, string | null>();

/** Tells what is other than what the listeners know. */
function tell(now: Map<string, string | null>): boolean {
  const before = known;
  known = now;
  const names = new Set([...before.keys(), ...now.keys()]);
  const differing = [...names].filter((name) => before.get(name) !== now.get(name));
  for (const name of differing) notify(listeners, { name, value: now.get(name) ?? null });
  return differing.length > 0;
}

/** What the document says. */
const jar = () => new Map<string, string | null>(Object.entries(getCookies()));

function start(): () => void {
  const { cookieStore } = globalThis as { cookieStore?: Store };
  known = jar();
  return cookieStore ? follow(cookieStore) : watch();
}

/** Looks whenever something may have changed that no event tells of. */
function lookAgain(look: () => void): () => void {
  const visible = () => {
    if (document.visibilityState !== "hidden") look();
  };
  const timer = setInterval(visible, LOOK);
  // Where timers are Node's, as in jsdom, this one keeps no process alive.
  (timer as { unref?(): void }).unref?.();
  document.addEventListener("visibilitychange", visible);
  addEventListener("focus", visible);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", visible);
    removeEventListener("focus", visible);
  };
}

function follow(store: Store): () => void {
  let ended = false;
  // Chromium updates `document.cookie` some milliseconds after the event, so the store itself is asked, whose answers come
  // in their order.
  const look = async () => {
    try {
      const cookies = await store.getAll();
      const header = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
      if (!ended) tell(new Map(Object.entries(cookiesIn(header, false))));
    } catch {
      // A document that may have no cookies.
    }
  };
  store.addEventListener("change", look);
  const end = lookAgain(look);
  return () => {
    ended = true;
    store.removeEventListener("change", look);
    end();
  };
}

function watch(): () => void {
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(CHANNEL);
  const look = () => {
    tell(jar());
  };
  channel?.addEventListener("message", look);

  let due = false;
  const written = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      if (tell(jar())) channel?.postMessage(null);
    });
  };
  // No event tells of a page's own writes here, and `setCookie` has no room for a hook: so the property is one's own for
  // as long as somebody listens.
  const former = Object.getOwnPropertyDescriptor(document, "cookie");
  const inherited = former ?? Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  const own: PropertyDescriptor = {
    configurable: true,
    enumerable: true,
    get: () => inherited?.get?.call(document),
    set(text: string) {
      inherited?.set?.call(document, text);
      written();
    },
  };
  Object.defineProperty(document, "cookie", own);
  const end = lookAgain(look);
  return () => {
    channel?.close();
    end();
    // Whoever has put a property of theirs over it keeps it.
    if (Object.getOwnPropertyDescriptor(document, "cookie")?.set !== own.set) return;
    if (former) Object.defineProperty(document, "cookie", former);
    else Reflect.deleteProperty(document, "cookie");
  };
}
