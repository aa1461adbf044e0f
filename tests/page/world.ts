/**
 * An app in front of the real backend, and Chromium.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { type Auth, authBackend, getRequestCookies, type SessionAnswer } from "httponly/server";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { type Backend, createBackend, createTables, USERS } from "../../examples/auth-backend/backend.js";
import base from "../../playwright.config.ts";
import { listener } from "../js/support/node.ts";
import { BUILT } from "./build.ts";

export const [ADA, GRACE] = USERS as [(typeof USERS)[number], (typeof USERS)[number]];

type Initial = Pick<SessionAnswer, "user" | "session" | "status">;
interface Rendered {
  react(initial: Initial): string;
  svelte(data: Initial): string;
  cookieReact(cookies: Record<string, string>): string;
  cookieSvelte(cookies: Record<string, string>): string;
}

/** What a test talks to. */
export interface World {
  readonly origin: string;
  /** The same app where the page is no secure context. */
  readonly insecure: string;
  readonly auth: Auth;
  readonly browser: Browser;
  /** Requests to the handler: method and path. */
  readonly asked: string[];
  /** Everything that was answered, but for Set-Cookie lines. */
  readonly said: string[];
  /** The tokens that the backend has given out. */
  tokens(): string[];
  /** Stops the backend. */
  stop(): Promise<void>;
  /** Starts it again: the same one, as far as anybody can tell. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function start(): Promise<World> {
  const { react, svelte, cookieReact, cookieSvelte } = (await import(
    pathToFileURL(`${BUILT}server.mjs`).href
  )) as Rendered;
  const asked: string[] = [];
  const said: string[] = [];
  const keep = async (response: Response) => {
    const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
    said.push(JSON.stringify(headers) + (await response.clone().text()));
    return response;
  };
  const server = createServer(
    listener(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/api/auth/")) {
        asked.push(`${request.method} ${pathname.slice("/api/auth".length)}`);
        return keep(await auth.handler(request));
      }
      if (pathname.startsWith("/page/")) {
        const headers = { "content-type": "text/javascript", "access-control-allow-origin": "*" };
        return new Response(readFileSync(BUILT + pathname.slice(1)), { headers });
      }
      if (pathname === "/set") {
        // A response that sets what its query says.
        const line = decodeURIComponent(new URL(request.url).search.slice(1));
        return new Response(null, { headers: { "set-cookie": line } });
      }
      const cookiePage = { "/cookie-react": cookieReact, "/cookie-svelte": cookieSvelte }[pathname];
      if (cookiePage) {
        const { theme } = getRequestCookies(request);
        const cookies = theme === undefined ? {} : { theme };
        return new Response(
          `<!doctype html><link rel="icon" href="data:,"><div id="root">${cookiePage(cookies)}</div><script>globalThis.initial = ${JSON.stringify(cookies)}</script><script type="module" src="/page${pathname}-page.js"></script>`,
          { headers: { "content-type": "text/html" } },
        );
      }
      const render = { "/react": react, "/svelte": svelte }[pathname];
      const { setCookies, ...initial } = await auth.getSession(request);
      const script = render ? `${pathname.slice(1)}-page.js` : "plain-page.js";
      const headers = new Headers({ "content-type": "text/html", "cache-control": "private, no-cache" });
      for (const line of setCookies) headers.append("set-cookie", line);
      const data = JSON.stringify(initial).replaceAll("<", "\\u003c");
      return keep(
        new Response(
          `<!doctype html><title>${pathname}</title><link rel="icon" href="data:,"><div id="root">${render?.(initial) ?? ""}</div>
          <script>globalThis.initial = ${data}</script><script type="module" src="/page/${script}"></script>`,
          { headers },
        ),
      );
    }),
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = {
    origins: [origin],
    secret: randomBytes(32).toString("hex"),
    tables: createTables(),
    attempts: 100,
    secondFactor: true,
  };
  let backend: Backend = await createBackend(settings);
  const port = Number(new URL(backend.url).port);
  const auth = authBackend({ url: backend.url, cookie: "codex-session", cacheTtl: 0 });
  const launch = base.use?.launchOptions ?? {};
  const args = [...(launch.args ?? []), "--host-resolver-rules=MAP app.test 127.0.0.1"];
  const browser = await chromium.launch({ ...launch, args });

  return {
    origin,
    insecure: origin.replace("127.0.0.1", "app.test"),
    auth,
    browser,
    asked,
    said,
    tokens: () => settings.tables.session.map(({ token }) => String(token)),
    stop: () => backend.close(),
    async restart() {
      backend = await createBackend({ ...settings, port });
    },
    async close() {
      await browser.close();
      await backend.close();
      await new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      });
    },
  };
}

/** Opens a page of the app and waits until its script has run. What it complains about goes to `complaints`. */
export async function open(context: BrowserContext, url: string, complaints: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on("console", (message) => {
    // Chromium itself reports each response of 400 and above.
    if (
      ["warning", "error"].includes(message.type()) &&
      !message.text().startsWith("Failed to load resource")
    )
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction("globalThis.httponly");
  return page;
}
