/**
 * The real authentication backend, an app in front of it, and browsers that keep cookies.
 *
 * @module
 */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type Auth, type AuthBackendOptions, authBackend, type SessionAnswer } from "httponly/server";
import { onTestFinished } from "vitest";
import { type Backend, createBackend, USERS } from "../../../examples/auth-backend/backend.js";
import { listener } from "./node.ts";
import { type Answer, PROOF, send } from "./send.ts";

type Person = (typeof USERS)[number];
export const [ADA, GRACE, BOSS] = USERS as [Person, Person, Person];

/** A backend that stops when the test is over. */
export async function backend(options?: Parameters<typeof createBackend>[0]): Promise<Backend> {
  const started = await createBackend(options);
  onTestFinished(() => started.close());
  return started;
}

/** An app: the handler below /api/auth, and /me, which answers with the session and sets its cookies. */
export interface App {
  origin: string;
  auth: Auth;
}

/** Makes an app for a backend that trusts it; `options` may name a client address by the socket's. */
export async function appFor(
  start: (origin: string) => Promise<{ url: string }>,
  options: Partial<AuthBackendOptions> = {},
): Promise<App & { url: string }> {
  let auth: Auth | undefined;
  const server = createServer(
    listener(async (request) => {
      if (auth === undefined) return new Response(null, { status: 500 });
      if (new URL(request.url).pathname.startsWith("/api/auth/")) return auth.handler(request);
      return me(await auth.getSession(request));
    }),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  );
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { url } = await start(origin);
  auth = authBackend({ url, cookie: "codex-session", ...options });
  // A later backend may get the same port.
  onTestFinished(() => auth?.purge());
  return { origin, auth, url };
}

function me({ setCookies, ...rest }: SessionAnswer): Response {
  const headers = new Headers({ "cache-control": "private, no-store" });
  for (const line of setCookies) headers.append("set-cookie", line);
  const statuses = { authenticated: 200, anonymous: 401, rejected: 403, unavailable: 503 };
  return Response.json(rest, { status: statuses[rest.status], headers });
}

/** A browser, as far as cookies of one host go, that keeps all it was ever answered. */
export class Browser {
  readonly origin: string;
  readonly jar = new Map<string, string>();
  readonly seen: Answer[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(path, "GET", { ...PROOF, ...headers });
  }

  async post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const own = { ...PROOF, origin: this.origin, "content-type": "application/json", ...headers };
    return this.#send(path, "POST", own, JSON.stringify(body));
  }

  /** Sends a form, as a page without JavaScript does. */
  async form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const own = { "sec-fetch-site": "same-origin", origin: this.origin, ...type, ...headers };
    return this.#send(path, "POST", own, new URLSearchParams(fields).toString());
  }

  signin(email = USERS[0]?.email, password = USERS[0]?.password, more = {}): Promise<Answer> {
    return this.post("/api/auth/sign-in/email", { email, password, ...more });
  }

  async #send(path: string, method: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const cookie = this.cookie;
    const answer = await send(this.origin, path, {
      method,
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
    });
    this.seen.push(answer);
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return answer;
  }
}

/** What an answer says, but for its Set-Cookie lines. */
export function textOf({ headers, body }: { headers: IncomingHttpHeaders; body: string }): string {
  const { "set-cookie": _, ...rest } = headers;
  return JSON.stringify(rest) + body;
}
