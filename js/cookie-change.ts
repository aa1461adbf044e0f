/**
 * Tells of changes to the cookies that scripts may see.
 *
 * A module of its own, which nothing else imports: a page that does not listen does not download it.
 *
 * @module
 */

import { getCookie } from "./cookies.ts";
import { notify } from "./notify.ts";

/** A cookie that has changed. */
export interface CookieChange {
  readonly name: string;
  /** As {@link getCookie} gives it; null once the cookie is gone. */
  readonly value: string | null;
}

/** The part of `CookieStore` that is used here; TypeScript's own types do not have all of it yet. */
type Store = EventTarget;
interface StoreChange extends Event {
  readonly changed: readonly { readonly name?: string }[];
  readonly deleted: readonly { readonly name?: string }[];
}

const CHANNEL = "httponly.cookies";
const listeners = new Set<(change: CookieChange) => void>();
let stop: (() => void) | undefined;

/**
 * Calls a listener after each change of a cookie that scripts may see, once for each cookie.
 *
 * Where the browser has a `CookieStore` (secure contexts only), that is every change: of this page, of other tabs, of
 * responses. Elsewhere it is what this page writes, what other tabs write that listen too, and, when the visitor comes
 * back to the page, whatever else has changed meanwhile. Cookies that no script can read never appear.
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

function tell(names: Iterable<string>): void {
  for (const name of new Set(names)) {
    notify(listeners, { name, value: getCookie(name) });
  }
}

function start(): () => void {
  const { cookieStore } = globalThis as { cookieStore?: Store };
  return cookieStore ? follow(cookieStore) : watch();
}

function follow(store: Store): () => void {
  const changed = (event: Event) => {
    const { changed, deleted } = event as StoreChange;
    tell([...changed, ...deleted].map(({ name }) => name ?? ""));
  };
  store.addEventListener("change", changed);
  return () => store.removeEventListener("change", changed);
}

/** Each cookie's pair as it stands in the header; of several of one name, the first. */
function jar(): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of document.cookie.split("; ")) {
    const name = pair.slice(0, Math.max(pair.indexOf("="), 0));
    if (pair && !pairs.has(name)) pairs.set(name, pair);
  }
  return pairs;
}

function watch(): () => void {
  let before = jar();
  /** The names of what differs from the last look. */
  const look = (): string[] => {
    const now = jar();
    const differing = [...new Set([...before.keys(), ...now.keys()])];
    const names = differing.filter((name) => before.get(name) !== now.get(name));
    before = now;
    return names;
  };
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(CHANNEL);
  const lookAndTell = () => tell(look());
  channel?.addEventListener("message", lookAndTell);

  let due = false;
  const written = () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      const names = look();
      if (names.length) channel?.postMessage(null);
      tell(names);
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

  const back = () => {
    if (document.visibilityState === "visible") lookAndTell();
  };
  document.addEventListener("visibilitychange", back);
  addEventListener("focus", back);
  return () => {
    channel?.close();
    document.removeEventListener("visibilitychange", back);
    removeEventListener("focus", back);
    // Whoever has put a property of theirs over it keeps it.
    if (Object.getOwnPropertyDescriptor(document, "cookie")?.set !== own.set) return;
    if (former) Object.defineProperty(document, "cookie", former);
    else Reflect.deleteProperty(document, "cookie");
  };
}
