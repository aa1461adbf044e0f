/** Own sign-in in Chromium, with and without JavaScript. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ADA, start, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await start();
});
afterAll(() => world?.close());

async function open(javaScriptEnabled: boolean): Promise<Page> {
  const context = await world.browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  await page.goto(`${world.origin}/login`);
  if (javaScriptEnabled) await page.waitForFunction("globalThis.app !== undefined");
  return page;
}

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
const at = (page: Page) => new URL(page.url()).pathname;
const names = async (page: Page) =>
  (await page.context().cookies())
    .map(({ name }) => name)
    .filter((name) => name.startsWith("__Host-session"));

/** What a page's script does; without JavaScript, its forms. */
async function social(page: Page, provider: string, scripted: boolean): Promise<void> {
  if (scripted) {
    const options = JSON.stringify({ provider, successCallback: "/library", failureCallback: "/login" });
    await Promise.all([page.waitForURL(/\/sign-in\//), page.evaluate(`void app.signin(${options})`)]);
  } else await page.click(`#${provider}`);
  await page.waitForURL(/\/sign-in\//);
}

async function enter(page: Page, password: string): Promise<void> {
  await page.fill('input[name="email"]', ADA.email);
  await page.fill('input[name="password"]', password);
  await page.click('button:not([name="cancel"])');
}

describe.each([
  ["with JavaScript", true],
  ["without JavaScript", false],
])("%s", (_, scripted) => {
  it.each(["query", "form"])("signs in at a provider that answers by %s, and out", async (provider) => {
    const page = await open(scripted);
    await social(page, provider, scripted);
    await enter(page, ADA.password);
    // Without JavaScript the provider's page has a button for what it would do by itself.
    if (!scripted && provider === "form") await page.click("button");
    await page.waitForURL(/\/library/);
    expect([await text(page, "who"), await names(page)]).toEqual([ADA.email, ["__Host-session"]]);
    if (scripted) {
      expect(await page.evaluate("document.cookie")).toBe("");
      expect(await page.evaluate("app.getSession()")).toMatchObject({
        user: { id: ADA.email },
        session: { userId: ADA.email },
      });
      await page.evaluate("app.signout()");
      expect(await page.evaluate("app.getSession()")).toBeNull();
      await page.reload();
    } else await page.click("#sign-out");
    expect([await text(page, "who"), await names(page)]).toEqual(["anonymous", ["__Host-session.out"]]);
  });

  it("says at the login page that consent was denied", async () => {
    const page = await open(scripted);
    await social(page, "query", scripted);
    await page.click('button[name="cancel"]');
    await page.waitForURL(/\/login/);
    expect([await text(page, "error"), await text(page, "reason"), await text(page, "who")]).toEqual([
      "signin-failed",
      "access_denied",
      "anonymous",
    ]);
    expect(await names(page)).toEqual([]);
  });

  it("signs in by a form, and says what was wrong", async () => {
    const page = await open(scripted);
    const signIn = async (password: string) => {
      if (!scripted) {
        await page.locator("form").first().locator('input[name="email"]').fill(ADA.email);
        await page.fill('input[name="password"]', password);
        await page.click("#credentials");
        return;
      }
      const options = JSON.stringify({
        provider: "credentials",
        credentials: { email: ADA.email, password },
        successCallback: "/library",
        failureCallback: "/login",
      });
      const said = await page
        .evaluate(
          `app.signin(${options}).then(({ user }) => user.id, ({ code, reason }) => code + " " + reason)`,
        )
        .catch(() => undefined);
      if (said !== undefined)
        expect(said).toBe(password === ADA.password ? ADA.email : "signin-failed INVALID_CREDENTIALS");
    };
    await signIn("wrong");
    await page.waitForURL(/reason=INVALID_CREDENTIALS/);
    expect([at(page), await text(page, "error")]).toEqual(["/login", "signin-failed"]);
    if (scripted) await page.waitForFunction("globalThis.app !== undefined");
    await signIn(ADA.password);
    await page.waitForURL(/\/library/);
    expect(await text(page, "who")).toBe(ADA.email);
  });

  it("signs in by a link, in another browser, once", async () => {
    const page = await open(scripted);
    if (scripted) {
      const options = JSON.stringify({
        provider: "magic-link",
        credentials: { email: ADA.email },
        successCallback: "/library",
        failureCallback: "/login",
      });
      expect(await page.evaluate(`app.signin(${options})`)).toEqual({ user: null });
    } else {
      await page.locator("form").nth(1).locator('input[name="email"]').fill(ADA.email);
      await page.click("#magic-link");
      await page.waitForURL(/notice=magic-link-sent/);
    }
    const link = world.outbox.at(-1) ?? "";
    const phone = await open(scripted);
    await phone.goto(link);
    await phone.click("button");
    await phone.waitForURL(/\/library/);
    expect(await text(phone, "who")).toBe(ADA.email);
    await page.goto(link);
    await page.click("button");
    await page.waitForURL(/\/login/);
    expect([await text(page, "reason"), await text(page, "who")]).toEqual(["INVALID_TOKEN", "anonymous"]);
  });
});

it("five tabs sign in at once, answered in reverse: all succeed", async () => {
  const context = await world.browser.newContext();
  const tabs: Page[] = [];
  for (let i = 0; i < 5; i++) {
    const tab = await context.newPage();
    await tab.goto(`${world.origin}/login`);
    await tab.click("#query");
    await tab.waitForURL(/\/sign-in\//);
    tabs.push(tab);
  }
  for (const tab of tabs.reverse()) {
    await enter(tab, ADA.password);
    await tab.waitForURL(/\/library/);
    expect(await text(tab, "who")).toBe(ADA.email);
  }
});
