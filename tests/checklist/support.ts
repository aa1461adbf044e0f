/**
 * The real backend, an app in front of it on all its hosts, and Chromium.
 *
 * @module
 */
import { type Auth, type AuthBackendOptions, authBackend, type SessionAnswer } from "httponly/server";
import { type Browser as Chromium, chromium } from "playwright-core";
import {
  type Backend,
  createBackend,
  createTables,
  type Tables,
} from "../../examples/auth-backend/backend.js";
import base from "../../playwright.config.ts";
import { backend } from "../js/support/auth.ts";
import type { Answer } from "../js/support/send.ts";
import { app } from "../js/support/serve.ts";

/** The name of the session cookie, of a backend with Secure cookies and of one without. */
export const SESSION = /^(?:__Secure-|__Host-)?codex-session$/;

/** The hosts under which the app is opened. Browsers resolve them by themselves; all are secure contexts. */
export const HOSTS = { app: "app.my.localhost", api: "api.my.localhost" } as const;

let users: Promise<Tables> | undefined;

/** Tables with the demo users in them, whose passwords take a second to hash: once for a file of tests. */
export async function tablesWithUsers(): Promise<Tables> {
  users ??= (async () => {
    const tables = createTables();
    await (await createBackend({ tables })).close();
    return tables;
  })();
  return structuredClone(await users);
}

/** What the app answered below /api/auth. */
export interface Served {
  method: string;
  url: string;
  status: number;
}

/** The backend, and an app that it trusts on 127.0.0.1 and on {@link HOSTS}: /api/auth, and /me, which says who asks. */
export async function world(
  settings: Parameters<typeof createBackend>[0] = {},
  options: Partial<AuthBackendOptions> = {},
) {
  const served: Served[] = [];
  let auth: Auth | undefined;
  const origin = await app(async (request) => {
    if (auth === undefined) return new Response(null, { status: 500 });
    if (!new URL(request.url).pathname.startsWith("/api/auth/")) return me(await auth.getSession(request));
    const response = await auth.handler(request);
    served.push({ method: request.method, url: request.url, status: response.status });
    return response;
  });
  const at = (host: string, path = "") => origin.replace("127.0.0.1", host) + path;
  const origins = [origin, ...[...Object.values(HOSTS), "localhost"].map((host) => at(host))];
  const started = await backend({ origins, tables: await tablesWithUsers(), ...settings });
  auth = authBackend({ url: started.url, cookie: "codex-session", ...options });
  return { origin, at, auth, url: started.url, backend: started, served };
}

function me({ setCookies, ...rest }: SessionAnswer): Response {
  const headers = new Headers({ "cache-control": "private, no-store" });
  for (const line of setCookies) headers.append("set-cookie", line);
  const statuses = { authenticated: 200, anonymous: 401, rejected: 403, unavailable: 503 };
  return Response.json(rest, { status: statuses[rest.status], headers });
}

export function launch(): Promise<Chromium> {
  return chromium.launch(base.use?.launchOptions ?? {});
}

/** The lines of an answer that set or clear a session. */
export function sessionLines({ headers }: Pick<Answer, "headers">): string[] {
  const names = (line: string) => line.slice(0, line.indexOf("="));
  return (headers["set-cookie"] ?? []).filter((line) => SESSION.test(names(line)));
}

/** Who is signed in, by an answer of /me. */
export function emailOf({ body }: { body: string }): string | undefined {
  return (JSON.parse(body) as { user?: { email: string } | null }).user?.email;
}

/** The path of the last mail's link, which leads to the app. */
export function lastLink({ outbox }: Backend): string {
  const { pathname, search } = new URL(outbox[0]?.link ?? "");
  return pathname + search;
}
