/**
 * Tells whoever shows who is signed in that this has changed: in this page and in the browser's other tabs.
 *
 * What crosses to other tabs is a user's id and nothing else, and nobody believes it: it is a reason to ask the server.
 *
 * @module
 */

import type { HttpOnlyError } from "./errors.ts";
import { notify } from "./notify.ts";

/** What happened. */
export interface News {
  /** The id of who is signed in now; null for nobody. Absent: nothing has changed. */
  user?: string | null;
  /** Signing in or out did not succeed. */
  error?: HttpOnlyError;
  /** It comes from another tab. */
  elsewhere?: boolean;
}

const CHANNEL = "httponly.session";
const listeners = new Set<(news: News) => void>();

/** Tells this page, and what has changed the other tabs too. */
export function announce(news: News): void {
  notify(listeners, news);
  if (news.user !== undefined) tellOthers(news.user);
}

/** Tells the other tabs alone. */
export function tellOthers(user: string | null): void {
  if (typeof BroadcastChannel === "undefined") return;
  // A channel that stays open can keep a page from being restored by the back button, so it is closed at once.
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(user);
  channel.close();
}

/** Listens until the function that it gives is called. */
export function listen(listener: (news: News) => void): () => void {
  listeners.add(listener);
  const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(CHANNEL);
  channel?.addEventListener("message", ({ data }) => {
    if (data === null || typeof data === "string") listener({ user: data, elsewhere: true });
  });
  return () => {
    listeners.delete(listener);
    channel?.close();
  };
}
