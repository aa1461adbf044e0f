// What a sibling subdomain plants, and what comes late, in Chromium: the real backend, and an app on two hosts of a domain.
import { createServer } from "node:http";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADA, GRACE } from "../js/support/auth.ts";
import { listen } from "../js/support/serve.ts";
import { emailOf, HOSTS, launch, SESSION, world } from "./support.ts";

let chromium: Chromium;
beforeAll(async () => {
  chromium = await launch();
});
afterEach(async () => {
  for (const context of chromium.contexts()) await context.close();
});
afterAll(() => chromium.close());

const SIBLING = "evil.my.localhost";

type World = Awaited<ReturnType<typeof world>>;

async function visit({ at }: World, host: string, context = chromium.newContext()): Promise<Page> {
  const page = await (await context).newPage();
  await page.goto(at(host, "/me"));
  return page;
}

function signin(page: Page, { email, password }: { email: string; password: string }): Promise<number> {
  return page.evaluate(async (body) => {
    const headers = { "content-type": "application/json" };
    return (await fetch("/api/auth/sign-in/email", { method: "POST", headers, body })).status;
  }, JSON.stringify({ email, password }));
}

/** Who a page's own script is told that it is. */
async function who(page: Page): Promise<string | undefined> {
  return emailOf({ body: await page.evaluate(async () => (await fetch("/me")).text()) });
}

/** Whose page a visitor is shown. */
async function shown(page: Page): Promise<string | undefined> {
  await page.reload();
  return emailOf({ body: (await page.textContent("body")) ?? "" });
}

const sessions = async (page: Page) =>
  (await page.context().cookies()).filter(({ name }) => SESSION.test(name));

describe("a second session cookie from a sibling subdomain", () => {
  /** A sibling that sets what it is told to, whatever a script may. */
  async function sibling(lines: () => string[]): Promise<string> {
    const server = createServer((request, response) => {
      // The browser asks for an icon when it likes, which would plant once more after the test has looked.
      if (request.url === "/") response.setHeader("set-cookie", lines());
      response.end("planted");
    });
    return (await listen(server)).replace("127.0.0.1", SIBLING);
  }

  test.each([
    ["for all paths", "Path=/", (value: string) => value],
    ["for the page's path", "Path=/me", (value: string) => value],
    ["for the page's path, with a slash", "Path=/me/", (value: string) => value],
    ["empty", "Path=/", () => ""],
    ["that is none", "Path=/me", () => '"x y"'],
  ])("%s signs nobody out, and nobody in as the attacker, however often", async (_, path, made) => {
    const world_ = await world({ secure: true });
    const attacker = await visit(world_, HOSTS.app);
    await signin(attacker, GRACE);
    const [own] = await sessions(attacker);
    const page = await visit(world_, HOSTS.app);
    await signin(page, ADA);
    const [mine] = await sessions(page);
    const evil = await sibling(() => [
      `${own?.name}=${made(own?.value ?? "")}; Domain=my.localhost; Secure; HttpOnly; ${path}`,
      `${own?.name?.replace("__Secure-", "")}=${made(own?.value ?? "")}; Domain=my.localhost; ${path}`,
    ]);
    for (let round = 0; round < 3; round++) {
      const other = await page.context().newPage();
      await other.goto(evil);
      await other.close();
      await page.goto(world_.at(HOSTS.app, path.endsWith("me/") ? "/me/" : "/me"));
      // Of two, none counts; the navigation has cleared what was planted.
      expect(await shown(page)).toBe(ADA.email);
      expect(await who(page)).toBe(ADA.email);
      expect(await sessions(page)).toContainEqual(mine);
    }
  });

  test("a new sign-in counts at once, also in a page that goes nowhere", async () => {
    const world_ = await world({ secure: true });
    const attacker = await visit(world_, HOSTS.app);
    await signin(attacker, GRACE);
    const [own] = await sessions(attacker);
    const page = await visit(world_, HOSTS.app);
    await signin(page, ADA);
    const evil = await sibling(() => [`${own?.name}=${own?.value}; Domain=my.localhost; Secure; Path=/`]);
    await (await page.context().newPage()).goto(evil);
    expect(await who(page)).toBeUndefined();
    expect(await signin(page, ADA)).toBe(200);
    expect(await who(page)).toBe(ADA.email);
  });

  test("signing out meanwhile leaves nobody signed in, neither the visitor nor the attacker", async () => {
    const world_ = await world({ secure: true });
    const attacker = await visit(world_, HOSTS.app);
    await signin(attacker, GRACE);
    const [own] = await sessions(attacker);
    const page = await visit(world_, HOSTS.app);
    await signin(page, ADA);
    const evil = await sibling(() => [`${own?.name}=${own?.value}; Domain=my.localhost; Secure; Path=/`]);
    await (await page.context().newPage()).goto(evil);
    await page.evaluate(() => fetch("/api/auth/sign-out", { method: "POST" }));
    expect(await shown(page)).toBeUndefined();
    expect(await sessions(page)).toEqual([]);
  });

  test.each([HOSTS.app, "localhost"])(
    "with Better Auth's cookies as __Host- ones, on http://%s, a sibling plants nothing",
    async (host) => {
      const world_ = await world({ hostOnly: true });
      const attacker = await visit(world_, host);
      expect(await signin(attacker, GRACE)).toBe(200);
      const [own] = await sessions(attacker);
      expect(own).toMatchObject({ name: "__Host-codex-session", path: "/", secure: true, domain: host });
      const page = await visit(world_, host);
      const domain = host === "localhost" ? "localhost" : "my.localhost";
      const evil = await sibling(() =>
        ["__Host-codex-session", "__Secure-codex-session", "codex-session"].map(
          (name) => `${name}=${own?.value}; Domain=${domain}; Secure; Path=/`,
        ),
      );
      await (await page.context().newPage()).goto(evil);
      expect((await sessions(page)).map(({ name }) => name)).not.toContain("__Host-codex-session");
      expect(await shown(page)).toBeUndefined();
      await signin(page, ADA);
      await (await page.context().newPage()).goto(evil);
      expect(await shown(page)).toBe(ADA.email);
      expect(await who(page)).toBe(ADA.email);
    },
  );
});

describe("a late answer", () => {
  test("a poll with the old cookie, whose answer comes after a sign-in, leaves the new session alone", async () => {
    let delay = 0;
    const world_ = await world(
      { secure: true },
      {
        fetch: async (input, init) => {
          const response = await fetch(input, init);
          if (String(input).includes("get-session")) await new Promise((done) => setTimeout(done, delay));
          return response;
        },
      },
    );
    for (const path of ["/me", "/api/auth/get-session", "/me/__data.json"]) {
      const page = await visit(world_, HOSTS.app);
      await signin(page, ADA);
      world_.backend.tables.session.length = 0;
      world_.auth.purge();
      const tab = await page.context().newPage();
      await tab.goto("about:blank");
      await tab.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "a tab" }));
      await tab.goto(world_.at(HOSTS.app, "/blank"));
      delay = 300;
      const poll = tab.evaluate(async (path) => (await fetch(path)).status, path);
      await new Promise((done) => setTimeout(done, 100));
      expect(await signin(page, GRACE)).toBe(200);
      await poll;
      delay = 0;
      expect(await who(page), path).toBe(GRACE.email);
      expect(await shown(page), path).toBe(GRACE.email);
      await page.context().close();
    }
  });
});
