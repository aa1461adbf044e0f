import { getCookie } from "httponly";

/** One cookie that this page knows of. */
export interface KeptCookie {
  name: string;
  /** `null`: the server receives it, and JavaScript cannot read it. */
  value: string | null;
  /** What CookieStore tells, where the browser has one. */
  details: string[];
}

interface StoredCookie {
  name?: string;
  domain?: string | null;
  path?: string;
  expires?: number | null;
  secure?: boolean;
  sameSite?: string;
  partitioned?: boolean;
}

interface Store extends EventTarget {
  getAll(): Promise<StoredCookie[]>;
}

const store = () => (globalThis as { cookieStore?: Store }).cookieStore;

export const jar = $state({ cookies: [] as KeptCookie[], text: "", fresh: "", ready: false });

/** Reads document.cookie, CookieStore, and which names the server receives; `fresh` is marked in the list. */
export async function refresh(fresh = ""): Promise<void> {
  const [received, stored] = await Promise.all([receivedNames(), store()?.getAll() ?? []]);
  const text = document.cookie;
  const readable =
    text === "" ? [] : text.split("; ").map((pair) => pair.slice(0, Math.max(0, pair.indexOf("="))));
  jar.text = text;
  jar.fresh = fresh;
  jar.cookies = [
    ...received
      .filter((name) => !readable.includes(name))
      .map((name) => ({ name, value: null, details: ["HttpOnly", "Secure"] })),
    ...[...new Set(readable)].map((name) => ({
      name,
      value: getCookie(name) ?? "",
      details: describe(stored.find((cookie) => cookie.name === name)),
    })),
  ];
  jar.ready = true;
}

/** Keeps the list true while the page is open; returns what stops it. */
export function watch(): () => void {
  const again = () => void refresh(jar.fresh);
  const timer = setInterval(() => {
    if (document.cookie !== jar.text) again();
  }, 1000);
  store()?.addEventListener("change", again);
  addEventListener("focus", again);
  again();
  return () => {
    clearInterval(timer);
    store()?.removeEventListener("change", again);
    removeEventListener("focus", again);
  };
}

async function receivedNames(): Promise<string[]> {
  const answer = await fetch("/received").catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as { names: string[] }).names : [];
}

function describe(cookie: StoredCookie | undefined): string[] {
  if (!cookie) return [];
  const details: string[] = [];
  if (cookie.sameSite)
    details.push(`SameSite ${cookie.sameSite.charAt(0).toUpperCase()}${cookie.sameSite.slice(1)}`);
  if (cookie.path) details.push(`Path ${cookie.path}`);
  if (cookie.domain) details.push(`Domain ${cookie.domain}`);
  if (cookie.expires !== undefined)
    details.push(cookie.expires === null ? "Session" : `Expires in ${span(cookie.expires)}`);
  if (cookie.secure) details.push("Secure");
  if (cookie.partitioned) details.push("Partitioned");
  return details;
}

/** The time from now to a moment, in the largest unit that says enough. */
export function span(moment: number, now = Date.now()): string {
  const seconds = Math.max(0, Math.round((moment - now) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
