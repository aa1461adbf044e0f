// Points of the security checklist that show in rendered pages: a built SvelteKit app with a guard, whose layout hands all
// that it knows of the session to the page.
import type { Browser as Chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Backend } from "../../examples/auth-backend/backend.js";
import { freePort, type Running, serve } from "../attack/server.ts";
import { ADA, Browser, backend, GRACE, textOf } from "../js/support/auth.ts";
import { PROOF } from "../js/support/send.ts";
import { APPS } from "./apps.ts";
import { launch, SESSION, tablesWithUsers } from "./support.ts";

let chromium: Chromium;
beforeAll(async () => {
  chromium = await launch();
});
afterEach(async () => {
  for (const context of chromium.contexts()) await context.close();
});
afterAll(() => chromium.close());

const NAVIGATION = {
  accept: "text/html",
  "sec-fetch-site": "same-origin",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

/** What needs a session: a page, its data, an endpoint. */
const GUARDED = [
  ["/library", NAVIGATION],
  ["/library/__data.json", PROOF],
  ["/library/data", PROOF],
] as const;

interface Started {
  origin: string;
  backend: Backend;
  app: Running;
}

async function start(ttl = 300): Promise<Started> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const started = await backend({ origins: [origin], tables: await tablesWithUsers() });
  const env = { BACKEND: started.url, ORIGIN: origin, CACHE_TTL: String(ttl) };
  const app = await serve(APPS.sveltekit, port, APPS.sveltekit.ready, env);
  onTestFinished(app.close);
  return { origin, backend: started, app };
}

describe("a guarded app", () => {
  test("checklist 9: no HTML, no data, no header and no log holds the token", async () => {
    const { origin, backend, app } = await start();
    const browser = new Browser(origin);
    await browser.signin();
    const pages = [];
    for (const [path, headers] of GUARDED) pages.push(await browser.get(path, headers));
    for (const { status, body } of pages) {
      expect(status).toBe(200);
      expect(body).toContain(ADA.email);
    }
    await backend.close();
    await browser.get("/library?none", NAVIGATION);
    const tokens = backend.tables.session.map(({ token }) => token as string);
    expect(tokens).toHaveLength(1);
    for (const token of tokens) {
      expect(browser.cookie).toContain(token);
      for (const answer of browser.seen) expect(textOf(answer)).not.toContain(token);
      expect(app.output()).not.toContain(token);
    }
  });

  test("checklist 10: presence of a cookie opens nothing", async () => {
    const { origin } = await start();
    for (const [path, headers] of GUARDED) {
      const browser = new Browser(origin);
      browser.jar.set("codex-session", "made.up");
      const { status, body } = await browser.get(path, headers);
      // SvelteKit says a redirect to its own script as data.
      const led = status === 303 || (status === 200 && body.startsWith('{"type":"redirect"'));
      expect([path, led || status === 401]).toEqual([path, true]);
    }
  });

  test("checklist 13: while the backend is away it is 503, not a login page, and keeps the cookie", async () => {
    const { origin, backend } = await start(0);
    const browser = new Browser(origin);
    await browser.signin();
    const { cookie } = browser;
    await backend.close();
    for (const [path, headers] of GUARDED) {
      const answer = await browser.get(path, headers);
      const { location, "set-cookie": lines, "retry-after": after } = answer.headers;
      expect([path, answer.status, location, lines]).toEqual([path, 503, undefined, undefined]);
      expect([path, after]).toEqual([path, expect.stringMatching(/^\d+$/)]);
    }
    expect(browser.cookie).toBe(cookie);
    // The login page needs nobody: it is not shut for those who are not known to be signed in.
    expect([200, 503]).toContain((await browser.get("/login", NAVIGATION)).status);
  });

  test("checklist 14: with a dead cookie Chromium is led to the login page once, and stays there", async () => {
    const { origin } = await start();
    const context = await chromium.newContext();
    await context.addCookies([{ name: "codex-session", value: "dead.sig", url: origin, httpOnly: true }]);
    const page = await context.newPage();
    const documents: string[] = [];
    page.on("request", (request) => {
      if (request.isNavigationRequest()) documents.push(new URL(request.url()).pathname);
    });
    await page.goto(`${origin}/library`);
    expect(documents).toEqual(["/library", "/login"]);
    expect((await context.cookies()).filter(({ name }) => SESSION.test(name))).toEqual([]);
    // And once signed in there, where the visitor was going.
    const { email, password } = ADA;
    await page.evaluate(
      ([email, password]) =>
        fetch("/api/auth/sign-in/email", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ email, password }),
        }),
      [email, password],
    );
    await page.goto(`${origin}/library`);
    expect(await page.textContent("h1")).toBe(`Library of ${email}`);
  });

  test("checklist 15: pages that are rendered at once are each their visitor's", async () => {
    const { origin } = await start(0);
    const [ada, grace] = [new Browser(origin), new Browser(origin)];
    await ada.signin();
    await grace.signin(GRACE.email, GRACE.password);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 ? ada : grace).get("/library", NAVIGATION)),
    );
    for (const [i, { body }] of answers.entries()) {
      const [own, other] = i % 2 ? [ADA, GRACE] : [GRACE, ADA];
      expect([body.includes(own.email), body.includes(other.email)]).toEqual([true, false]);
    }
  });
});
