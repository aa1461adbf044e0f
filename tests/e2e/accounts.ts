import { type AddressInfo, connect, createServer as createHop, type Socket } from "node:net";
import { type APIResponse, type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import {
  type Backend,
  createBackend,
  createTables,
  type Mail,
  USERS,
} from "../../examples/auth-backend/backend.js";
import { CLIENT, createProvider } from "../../examples/auth-backend/provider.js";
import { test as recording } from "./fixtures.ts";
import { run, serve } from "./servers.ts";

export { expect };

export const SESSION = "codex-session";
export const [ADA, GRACE] = USERS as [(typeof USERS)[number], (typeof USERS)[number]];

/** Somebody with an account. */
export interface Person {
  name: string;
  email: string;
  password: string;
}

/** The example in front of the real backend, which can be taken away. */
export interface World {
  origin: string;
  backend: Backend;
  /** Stops the backend; it comes back where it was, with all that it knew. */
  away(): Promise<void>;
  back(): Promise<void>;
  /**
   * All bytes between browsers and the app since the last call, the lines of Cookie and Set-Cookie apart: read at a hop
   * before the app, for Chromium does not keep the bodies of redirects.
   */
  wire(): { text: string; cookies: string };
  /** The newest mail to somebody. */
  mail(to: string, kind: Mail["kind"]): Mail;
}

let count = 0;

/** A person whom the backend does not know yet. */
export function somebody(): Person {
  const number = `${process.pid}-${++count}`;
  return {
    name: `Person ${count}`,
    email: `person-${number}@example.com`,
    password: `long-enough-${number}`,
  };
}

export const test = recording.extend<{ person: Person }, { world: World }>({
  world: [
    async ({}, use) => {
      const web = await serve(() => {});
      web.close();
      const exchanges: Buffer[][] = [];
      const hop = createHop((browser) => {
        const app = connect(web.port, "127.0.0.1");
        for (const [from, to] of [
          [browser, app],
          [app, browser],
        ] as [Socket, Socket][]) {
          const kept: Buffer[] = [];
          exchanges.push(kept);
          from.on("data", (chunk: Buffer) => kept.push(chunk));
          from.on("error", () => to.destroy());
          from.pipe(to);
        }
      });
      await new Promise<void>((done) => hop.listen(0, "127.0.0.1", done));
      const origin = `http://localhost:${(hop.address() as AddressInfo).port}`;
      const kept = { tables: createTables(), secret: "one secret for all backends of this world" };
      const id = await createProvider({ redirectUris: [`${origin}/api/auth/callback/example-id`] });
      const provider = { issuer: id.url, ...CLIENT };
      const settings = { origins: [origin], attempts: 10_000, provider, ...kept };
      let backend = await createBackend(settings);
      const port = Number(new URL(backend.url).port);
      const app = await run(
        ["examples/sveltekit/build/index.js"],
        { PORT: String(web.port), HOST: "127.0.0.1", ORIGIN: origin, AUTH_URL: backend.url },
        /Listening on/,
      );
      await use({
        origin,
        get backend() {
          return backend;
        },
        away: () => backend.close(),
        async back() {
          backend = await createBackend({ ...settings, port });
        },
        wire() {
          const text = exchanges.map((kept) => Buffer.concat(kept.splice(0)).toString("latin1")).join("\n");
          const line = /^(?:set-)?cookie:.*$/gim;
          return { text: text.replace(line, ""), cookies: (text.match(line) ?? []).join("\n") };
        },
        mail(to, kind) {
          const found = backend.outbox.find((mail) => mail.to === to && mail.kind === kind);
          if (!found) throw new Error(`no mail of kind ${kind} went to ${to}`);
          return found;
        },
      });
      app.child.kill("SIGKILL");
      await app.ended;
      hop.close();
      await backend.close();
      await id.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ world }, use) => use(world.origin),
  /** Somebody new, with an account and no session in this browser. */
  person: async ({ world, request }, use) => {
    const person = somebody();
    const made = await request.post(`${world.origin}/api/auth/sign-up/email`, {
      data: person,
      headers: { origin: world.origin },
    });
    expect(made.status()).toBe(200);
    await use(person);
  },
});

/** Signs in without a page, so that the app has not asked for this session yet. */
export async function signInQuietly(
  context: BrowserContext,
  { origin }: World,
  { email, password }: Pick<Person, "email" | "password">,
): Promise<APIResponse> {
  const answer = await context.request.post(`${origin}/api/auth/sign-in/email`, {
    data: { email, password },
    headers: { origin },
  });
  expect(answer.status()).toBe(200);
  return answer;
}

/** Another browser in which the same person is signed in. */
export async function elsewhere(browser: Browser, world: World, person: Person): Promise<BrowserContext> {
  const context = await browser.newContext({ baseURL: world.origin });
  await signInQuietly(context, world, person);
  return context;
}

/** Fills the form of /login and sends it. */
export async function signin(page: Page, { email, password }: { email: string; password: string }) {
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function sessionCookie(context: BrowserContext) {
  return (await context.cookies()).find(({ name }) => name === SESSION);
}

export const signedInAs = (page: Page, name: string) =>
  expect(page.getByTestId("user-menu")).toContainText(name);
