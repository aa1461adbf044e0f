import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { open, start, type World } from "./world.ts";

declare const theme: { set(value: string): void; remove(): void };
declare const recovered: string[];
declare const shown: string[];

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

const showing = (page: Page) => page.locator("#theme").textContent();
const shows = (page: Page, text: string) => expect.poll(() => showing(page), { timeout: 5000 }).toBe(text);

describe.each([
  ["React's useCookie", "/cookie-react"],
  ["Svelte's cookie", "/cookie-svelte"],
])("%s", (_, path) => {
  describe.each([["with a CookieStore", "origin"] as const, ["without one", "insecure"] as const])(
    "%s",
    (_, which) => {
      const opened = () => open(context, world[which] + path, complaints);
      const respond = (page: Page, line: string) =>
        page.evaluate((line) => fetch(`/set?${encodeURIComponent(line)}`).then(() => {}), line);

      test("shows what the request had, and goes on with it, without a flicker", async () => {
        await context.addCookies([{ name: "theme", value: "dark%20blue", url: world[which] }]);
        const page = await opened();
        expect(await page.content()).toContain('data-theme="dark blue"');
        await page.waitForTimeout(300);
        expect(await page.evaluate(() => shown)).toEqual(["dark blue"]);
        expect(await page.evaluate(() => recovered)).toEqual([]);
      });

      test("sets, deletes, and shows it at once", async () => {
        const page = await opened();
        expect(await showing(page)).toBe("none");
        await page.evaluate(() => theme.set("light"));
        await shows(page, "light");
        expect(await context.cookies()).toMatchObject([
          { name: "theme", value: "light", expires: expect.any(Number) },
        ]);
        await page.evaluate(() => theme.remove());
        await shows(page, "none");
        expect(await context.cookies()).toEqual([]);
      });

      test("follows other scripts, other tabs, responses and expiry", async () => {
        const [page, other] = [await opened(), await opened()];
        // As `setCookie` writes it, so that all of these are one cookie.
        const scope = which === "origin" ? "; Path=/" : "; Path=/; Domain=app.test";
        await page.evaluate((scope) => {
          document.cookie = `theme=script${scope}`;
        }, scope);
        await shows(page, "script");
        await other.evaluate(() => theme.set("tab"));
        await shows(other, "tab");
        await page.bringToFront();
        await shows(page, "tab");
        await respond(page, `theme=response${scope}`);
        await shows(page, "response");
        await respond(page, `theme=${scope}; Max-Age=0`);
        await respond(page, `theme=short${scope}; Max-Age=2`);
        await shows(page, "short");
        await shows(page, "none");
      });
    },
  );
});
