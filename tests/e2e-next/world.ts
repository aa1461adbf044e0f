import { spawn } from "node:child_process";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";
import { createApi } from "../../examples/api/api.js";
import { type Backend, createBackend, createTables } from "../../examples/auth-backend/backend.js";
import { CLIENT, createProvider } from "../../examples/auth-backend/provider.js";

/** The authentication backend, which can go away and come back as it was. */
export interface AuthServer {
  readonly url: string;
  readonly tables: Backend["tables"];
  /** The newest mail to an address. */
  mailTo(address: string): Backend["outbox"][number];
  away(): Promise<void>;
  back(): Promise<void>;
}

/** What the API received. */
export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** When the API's answer ended or was cut off; undefined while it runs. */
  closed: number | undefined;
}

export interface World {
  /** The app's origin. */
  app: string;
  /** The API's. */
  api: string;
  port: number;
  auth: AuthServer;
  /** What the API received since the test began. */
  received: Received[];
  /** What the API's next sign-in answers with, in place of its own token. */
  nextToken: { value?: string };
  /** What the API's chat answers with, in place of its own words. */
  nextChat: { answer?: (response: ServerResponse) => void };
  attackers: {
    /** Another site. */
    site: string;
    /** Another origin of the app's site. */
    origin: string;
  };
  /** The attackers' page. */
  attack(html: string): void;
}

const next = fileURLToPath(new URL("../../node_modules/next/dist/bin/next", import.meta.url));
const example = fileURLToPath(new URL("../../examples/nextjs", import.meta.url));

export const test = base.extend<{ world: World }, { shared: World }>({
  shared: [
    async ({}, use) => {
      const received: Received[] = [];
      const nextToken: World["nextToken"] = {};
      const nextChat: World["nextChat"] = {};
      const api: Server = createApi({ pace: 60 });
      const [answer] = api.listeners("request") as ((...args: unknown[]) => void)[];
      api.removeAllListeners("request");
      api.on("request", (request, response) => {
        const entry: Received = {
          method: request.method ?? "",
          path: request.url ?? "",
          headers: request.headers,
          closed: undefined,
        };
        received.push(entry);
        response.on("close", () => {
          entry.closed = Date.now();
        });
        if (request.url === "/login" && nextToken.value !== undefined) {
          request.resume();
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ access_token: nextToken.value }));
        } else if (request.url === "/chatkit" && nextChat.answer) {
          request.resume();
          nextChat.answer(response);
        } else answer?.(request, response);
      });
      let html = "";
      const attacker = createServer((request, response) => {
        response.setHeader("content-type", "text/html");
        response.end(request.url === "/" ? `<!doctype html><body>${html}` : "");
      });
      const [apiPort, attackerPort, port] = [await listen(api), await listen(attacker), await freePort()];
      const app = `http://localhost:${port}`;
      const provider = await createProvider({ redirectUris: [`${app}/api/auth/callback/example-id`] });
      const auth = await startAuth(app, { issuer: provider.url, ...CLIENT });
      const server = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", String(port)], {
        cwd: example,
        env: {
          ...process.env,
          NEXT_TELEMETRY_DISABLED: "1",
          API_URL: `http://127.0.0.1:${apiPort}`,
          AUTH_URL: auth.url,
          ORIGIN: app,
          TRUST_PROXY: "1",
        },
        stdio: ["ignore", "ignore", "inherit"],
      });
      const ended = new Promise((resolve) => server.once("exit", resolve));
      try {
        await answers(`http://127.0.0.1:${port}/`);
        await use({
          app,
          api: `http://127.0.0.1:${apiPort}`,
          port,
          auth,
          received,
          nextToken,
          nextChat,
          attackers: {
            site: `http://127.0.0.1:${attackerPort}/`,
            origin: `http://localhost:${attackerPort}/`,
          },
          attack(text) {
            html = text;
          },
        });
      } finally {
        server.kill("SIGTERM");
        await ended;
        await auth.away();
        await provider.close();
        for (const other of [api, attacker]) {
          other.close();
          other.closeAllConnections();
        }
      }
    },
    { scope: "worker" },
  ],
  world: async ({ shared }, use) => {
    shared.received.length = 0;
    delete shared.nextToken.value;
    delete shared.nextChat.answer;
    await use(shared);
  },
});

export { expect };

type Provider = NonNullable<NonNullable<Parameters<typeof createBackend>[0]>["provider"]>;

async function startAuth(app: string, provider: Provider): Promise<AuthServer> {
  const tables = createTables();
  const secret = "a secret of the tests, 32 long";
  const settings = { origins: [app], tables, secret, attempts: 1000, provider };
  const start = (port = 0) => createBackend({ port, ...settings });
  let running: Backend | undefined = await start();
  const { url } = running;
  // A backend that was away keeps its mails, too.
  const earlier: Backend["outbox"] = [];
  return {
    url,
    tables,
    mailTo(address) {
      const mail = [...(running?.outbox ?? []), ...earlier].find(({ to }) => to === address);
      if (mail === undefined) throw new Error(`no mail to ${address}`);
      return mail;
    },
    async away() {
      earlier.unshift(...(running?.outbox ?? []));
      await running?.close();
      running = undefined;
    },
    async back() {
      running ??= await start(Number(new URL(url).port));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answers(url: string): Promise<void> {
  for (let left = 200; left > 0; left--) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}

/** Signs Ada in by the page's form. */
export async function signin(page: Page, { app }: World): Promise<void> {
  await page.goto(app);
  await page.getByTestId("sign-in").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByTestId("signed-in")).toContainText("Ada Lovelace");
  // Next takes the title away for a moment when it renders what an action changed.
  await expect(page).toHaveTitle("httponly chat");
}

/** Asks by the page's form. */
export async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The calls that the chat's API received. */
export function chats(world: World): Received[] {
  return world.received.filter(({ path }) => path.startsWith("/chatkit"));
}

/** A token of Ada's, as no page gets it. */
export async function tokenOf(world: World): Promise<string> {
  const answer = await fetch(`${world.api}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com", password: "analytical" }),
  });
  world.received.length = 0;
  return ((await answer.json()) as { access_token: string }).access_token;
}
