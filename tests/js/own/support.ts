/**
 * An app with own sign-in, and browsers of one host that keep its cookies, without a server in between.
 *
 * @module
 */
import type { Auth, OwnAuth, SessionAnswer } from "httponly/server";
import { parseSetCookie } from "httponly/server";

export const ORIGIN = "https://app.example";
export const SECRET = "a secret of the tests' own, 32 bytes or more";

/** Any own sign-in, or any other. */
export type AnyAuth = Pick<Auth<object, object>, "handler" | "getSession">;

/** What an answer is. */
export interface Got {
  status: number;
  headers: Headers;
  lines: string[];
  text: string;
  /** JSON, or nothing. */
  body: Body | undefined;
  location: string | null;
}

interface Body {
  user?: Record<string, unknown> | null;
  session?: Record<string, unknown>;
  url?: string;
  error?: { code: string; message: string; reason?: string; field?: string };
  [name: string]: unknown;
}

const FETCH = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
const NAVIGATION = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };

/** A browser at the app's origin. */
export class Browser {
  readonly auth: AnyAuth;
  readonly origin: string;
  readonly base: string;
  jar = new Map<string, string>();

  constructor(auth: AnyAuth & { basePath?: string | undefined }, origin = ORIGIN) {
    this.auth = auth;
    this.origin = origin;
    this.base = auth.basePath ?? "/api/auth";
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** The names of its cookies. */
  get names(): string[] {
    return [...this.jar.keys()];
  }

  /** Keeps what a browser would. */
  keep(lines: readonly string[]): void {
    for (const line of lines) {
      const cookie = parseSetCookie(line);
      if (cookie === null) throw new Error(`a browser drops this line: ${line.slice(0, 80)}`);
      if (cookie.maxAge !== undefined && cookie.maxAge <= 0) this.jar.delete(cookie.name);
      else this.jar.set(cookie.name, cookie.value);
    }
  }

  request(path: string, init: RequestInit = {}, cookie = this.cookie): Request {
    const headers = new Headers(init.headers);
    if (cookie) headers.set("cookie", cookie);
    return new Request(new URL(path, this.origin), { ...init, headers });
  }

  async send(path: string, init: RequestInit = {}, cookie?: string): Promise<Got> {
    const response = await this.auth.handler(this.request(path, init, cookie));
    const lines = response.headers.getSetCookie();
    if (cookie === undefined) this.keep(lines);
    const text = await response.text();
    const body = /json/.test(response.headers.get("content-type") ?? "")
      ? (JSON.parse(text) as Body)
      : undefined;
    return {
      status: response.status,
      headers: response.headers,
      lines,
      text,
      body,
      location: response.headers.get("location"),
    };
  }

  /** What a page's own function sends. */
  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Got> {
    const own = { ...FETCH, origin: this.origin, "content-type": "application/json", ...headers };
    return this.send(this.base + path, { method: "POST", headers: own, body: JSON.stringify(body) });
  }

  /** What a form of the page sends. */
  form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Got> {
    const own = { "sec-fetch-site": "same-origin", ...NAVIGATION, origin: this.origin, ...headers };
    return this.send(this.base + path, { method: "POST", headers: own, body: new URLSearchParams(fields) });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Got> {
    return this.send(this.base + path, { headers: { ...FETCH, ...headers } });
  }

  /** Goes to an address of the app's, as from a provider or a mail. */
  visit(url: string, cookie?: string): Promise<Got> {
    return this.send(url, { headers: { "sec-fetch-site": "cross-site", ...NAVIGATION } }, cookie);
  }

  /** Opens a page of the app, and keeps what comes with it. */
  async open(path = "/"): Promise<SessionAnswer<object, object>> {
    const answer = await this.peek(path, { "sec-fetch-site": "none", ...NAVIGATION });
    this.keep(answer.setCookies);
    return answer;
  }

  /** Whose a request is, without keeping what comes with it. */
  peek(
    path = "/",
    headers: Record<string, string> = FETCH,
    cookie?: string,
  ): Promise<SessionAnswer<object, object>> {
    return this.auth.getSession(this.request(path, { headers }, cookie));
  }

  /** Who is signed in, by a request of the page's own. */
  async who(): Promise<unknown> {
    const { status, user } = await this.peek();
    return status === "authenticated" ? (user as { id: string }).id : status;
  }

  signIn(email = "ada@example.com", password = "correct horse"): Promise<Got> {
    return this.post("/sign-in/email", { email, password });
  }
}

/** What a failed navigation says: the page, and why. */
export function failureOf({ status, location }: Got): {
  status: number;
  page: string;
  error: string | null;
  reason: string | null;
} {
  const url = new URL(location ?? "", ORIGIN);
  const { searchParams, pathname } = url;
  return { status, page: pathname, error: searchParams.get("error"), reason: searchParams.get("reason") };
}

export type { OwnAuth };
