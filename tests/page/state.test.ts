import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ADA, GRACE, open, start, type World } from "./world.ts";

type HttpOnly = typeof import("httponly");
declare const httponly: HttpOnly;

let world: World;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  world = await start();
});
afterAll(() => world.close());
beforeEach(async () => {
  complaints = [];
  context = await world.browser.newContext();
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

/** Signs in or out without the package: what other tabs and the page's state see is what the server says. */
async function quietly(what: "sign-in/email" | "sign-out", user = ADA): Promise<void> {
  const response = await context.request.post(`${world.origin}/api/auth/${what}`, {
    data: what === "sign-out" ? {} : { email: user.email, password: user.password },
    headers: { origin: world.origin, "x-httponly": "1" },
  });
  expect(response.status()).toBe(200);
}

const signin = (page: Page, { email, password } = ADA) =>
  page.evaluate((credentials) => httponly.signin({ provider: "credentials", credentials }).then(() => {}), {
    email,
    password,
  });
const signout = (page: Page) => page.evaluate(() => httponly.signout());

/** As if the visitor came back to the tab after so many seconds. */
async function comeBack(page: Page, seconds: number): Promise<void> {
  await page.evaluate((seconds) => {
    const { now } = Date;
    const moved = now() + seconds * 1000;
    Date.now = () => moved;
    dispatchEvent(new Event("focus"));
    document.dispatchEvent(new Event("visibilitychange"));
  }, seconds);
}

/** Each framework shows its status and its user by one element, or two. */
const FRAMEWORKS = [
  {
    name: "React",
    path: "/react",
    shown: (status: string, user: string, error = "fine") => {
      return `${status} ${user} ${user === "nobody" ? "none" : "session"} ${error}`;
    },
  },
  {
    name: "Svelte",
    path: "/svelte",
    shown: (status: string, user: string, error = "fine") => `${status} ${user} ${status} ${user} ${error}`,
  },
];

const text = async (page: Page) =>
  (await page.locator("#root p").allTextContents()).join(" ").replace(/\s+/g, " ").trim();
const shows = (page: Page, expected: string) =>
  expect.poll(() => text(page), { timeout: 5_000 }).toBe(expected);
const askedFor = (what: string) => world.asked.filter((line) => line.endsWith(what)).length;

describe.each(FRAMEWORKS)("$name", ({ path, shown }) => {
  const at = () => open(context, world.origin + path, complaints);
  const ada = shown("authenticated", ADA.name);
  const grace = shown("authenticated", GRACE.name);
  const nobody = shown("anonymous", "nobody");

  test("shows what the server rendered, without a flicker, a warning or a request", async () => {
    await quietly("sign-in/email");
    const html = await (await context.request.get(world.origin + path)).text();
    expect(html).toContain(ADA.name);
    world.asked.length = 0;
    const page = await at();
    await shows(page, ada);
    await page.waitForTimeout(300);
    expect(await page.evaluate("globalThis.shown.length")).toBe(1);
    expect(await page.evaluate("globalThis.recovered ?? []")).toEqual([]);
    expect(await page.evaluate("globalThis.kept ?? true")).toBe(true);
    expect(world.asked).toEqual([]);
  });

  test("two visitors at once are rendered each for themselves", async () => {
    const other = await world.browser.newContext();
    await quietly("sign-in/email");
    const pages = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? context : other).request.get(world.origin + path)),
    );
    const named = await Promise.all(pages.map(async (page) => (await page.text()).includes(ADA.name)));
    expect(named).toEqual(Array.from({ length: 10 }, (_, i) => i % 2 === 1));
    await other.close();
  });

  test("follows signing in and out", async () => {
    const page = await at();
    await shows(page, nobody);
    await signin(page);
    await shows(page, ada);
    await signout(page);
    await shows(page, nobody);
  });

  test("says why signing in failed, until it succeeds", async () => {
    const page = await at();
    await signin(page, { ...ADA, password: "wrong-password" }).catch(() => {});
    await shows(page, shown("anonymous", "nobody", "signin-failed"));
    await signin(page);
    await shows(page, ada);
  });

  test("says what failed at a provider that led back here, until somebody is signed in", async () => {
    const back = `${world.origin}${path}?error=signin-failed&reason=ACCESS_DENIED`;
    const page = await open(context, back, complaints);
    await shows(page, shown("anonymous", "nobody", "signin-failed"));
    // Whoever looks the session up learns nothing about that.
    await comeBack(page, 61);
    await page.waitForTimeout(300);
    await shows(page, shown("anonymous", "nobody", "signin-failed"));
    await signin(page);
    await shows(page, ada);
  });

  test("takes no text of an address for a failure", async () => {
    const page = await open(context, `${world.origin}${path}?error=Call+0900+now`, complaints);
    await page.waitForTimeout(300);
    await shows(page, nobody);
  });

  test("another tab follows a sign-in, a switch of users and a sign-out", async () => {
    const [one, two] = [await at(), await at()];
    await signin(one);
    await shows(two, ada);
    await signin(two, GRACE);
    await shows(one, grace);
    await signout(one);
    await shows(two, nobody);
    await shows(one, nobody);
  });

  test("another tab follows what a form did, of which this page only knows what was rendered", async () => {
    const one = await at();
    await quietly("sign-in/email");
    await at();
    await shows(one, ada);
    await quietly("sign-in/email", GRACE);
    await at();
    await shows(one, grace);
    await quietly("sign-out");
    await at();
    await shows(one, nobody);
  });

  test("tabs that agree leave the server in peace", async () => {
    await quietly("sign-in/email");
    await Promise.all([at(), at(), at()]);
    world.asked.length = 0;
    const last = await at();
    await last.waitForTimeout(300);
    expect(world.asked).toEqual([]);
  });

  test("what another tab says is asked of the server and not believed", async () => {
    const page = await at();
    await page.evaluate(() => {
      const channel = new BroadcastChannel("httponly.session");
      for (const message of ["somebody", { user: "x" }, 7, undefined]) channel.postMessage(message);
    });
    await page.waitForTimeout(300);
    expect(await text(page)).toBe(nobody);
  });

  test("coming back asks again after a minute and not before", async () => {
    const page = await at();
    await quietly("sign-in/email");
    world.asked.length = 0;
    await comeBack(page, 50);
    await page.waitForTimeout(200);
    expect(world.asked).toEqual([]);
    await comeBack(page, 20);
    await shows(page, ada);
    await comeBack(page, 1);
    expect(askedFor("get-session")).toBe(1);
  });

  test("a backend that is away signs nobody out, and the page recovers", async () => {
    await quietly("sign-in/email");
    const page = await at();
    await world.stop();
    try {
      await comeBack(page, 61);
      await shows(page, shown("unavailable", ADA.name, "unavailable"));
      const fresh = await at();
      await shows(fresh, shown("unavailable", "nobody", "unavailable"));
      await fresh.close();
    } finally {
      await world.restart();
    }
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await shows(page, ada);
  });

  test("a page that was rendered while the backend was away asks for itself", async () => {
    await quietly("sign-in/email");
    await world.stop();
    const stopped = context.request.get(world.origin + path);
    const html = await (await stopped).text().finally(() => world.restart());
    expect(html).toContain("unavailable");
    const page = await context.newPage();
    await page.route(world.origin + path, (route) => route.fulfill({ contentType: "text/html", body: html }));
    await page.goto(world.origin + path);
    await shows(page, ada);
  });

  test("a page that the back button brings back asks who is signed in now", async () => {
    await quietly("sign-in/email");
    const page = await at();
    await quietly("sign-out");
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await shows(page, nobody);
  });
});

test("React takes what the server rendered since, and the same thing again as nothing new", async () => {
  const page = await open(context, `${world.origin}/react`, complaints);
  await signin(page);
  await shows(page, FRAMEWORKS[0]?.shown("authenticated", ADA.name) ?? "");
  const render = (initial: unknown) =>
    page.evaluate(
      (initial) => (globalThis as unknown as { render(i: unknown): void }).render(initial),
      initial,
    );
  await render({ user: null, session: null, status: "anonymous" });
  await page.waitForTimeout(100);
  expect(await text(page)).toContain(ADA.name);
  await render({ user: { id: "7", name: "Barbara" }, session: { id: "s" } });
  await shows(page, "authenticated Barbara session fine");
  await render({ user: null, session: null, status: "unavailable" });
  await shows(page, "unavailable Barbara session fine");
  await render({ user: null });
  await shows(page, "anonymous nobody none fine");
});
