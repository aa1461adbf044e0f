import { randomUUID } from "node:crypto";
import type { Browser, BrowserContext, Page } from "@playwright/test";
import { recorded } from "./recorder.ts";
import { expect, test, type World } from "./world.ts";

interface Person {
  name: string;
  email: string;
  password: string;
}

const ADA = { name: "Ada Lovelace", email: "ada@example.com", password: "analytical-engine" };
const GRACE = { name: "Grace Hopper", email: "grace@example.com", password: "nanosecond-wire" };

const somebody = (): Person => ({
  name: "Mary Somerville",
  email: `mary-${randomUUID().slice(0, 8)}@example.com`,
  password: "celestial-mechanics",
});

/** Calls the backend past the app, as another device of the user's might. */
async function atBackend(world: World, path: string, body: object, cookie?: string): Promise<Response> {
  const answer = await fetch(`${world.auth.url}/api/auth${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: world.app, ...(cookie && { cookie }) },
    body: JSON.stringify(body),
  });
  expect(answer.status, path).toBe(200);
  return answer;
}

/** A user who has just signed up. */
async function newUser(world: World): Promise<Person> {
  const person = somebody();
  await atBackend(world, "/sign-up/email", person);
  return person;
}

/** A session of another device, as a Cookie header. */
async function cookieOf(world: World, { email, password }: Person): Promise<string> {
  const answer = await atBackend(world, "/sign-in/email", { email, password });
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** Asks as a browser that opens a page does. */
const open = (world: World, path: string, headers: Record<string, string> = {}) =>
  fetch(world.app + path, {
    redirect: "manual",
    headers: {
      "sec-fetch-site": "none",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      accept: "text/html",
      ...headers,
    },
  });

async function enter(page: Page, { email, password }: Person): Promise<void> {
  const form = page.locator("form", { has: page.getByLabel("Password") });
  await form.getByLabel("E-mail").fill(email);
  await form.getByLabel("Password").fill(password);
  await form.getByRole("button", { name: "Sign in" }).click();
}

async function signIn(page: Page, world: World, person: Person): Promise<void> {
  await page.goto(`${world.app}/login`);
  await enter(page, person);
  await expect(page).toHaveURL(`${world.app}/library`);
}

const pathOf = (page: Page) => page.url().replace(/^https?:\/\/[^/]+/, "");
const sessionCookie = async (context: BrowserContext) =>
  (await context.cookies()).find(({ name }) => name === "codex-session");

/** Another browser of the same person's, or of another's. */
async function elsewhere(browser: Browser, act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    await act(await context.newPage());
  } finally {
    await context.close();
  }
}

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("signing up, verifying by mail, signing out", async ({ page, world, context }) => {
      const mary = somebody();
      await page.goto(`${world.app}/register`);
      await page.getByLabel("Name").fill(mary.name);
      await page.getByLabel("E-mail").fill(mary.email);
      await page.getByLabel("Password").fill(mary.password);
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.getByRole("heading", { name: "Verify your e-mail" })).toBeVisible();
      expect(pathOf(page)).toBe(`/verify?email=${encodeURIComponent(mary.email)}`);
      await expect(page.getByLabel("E-mail")).toHaveValue(mary.email);
      const first = world.auth.mailTo(mary.email);
      await page.getByRole("button", { name: "Send it again" }).click();
      await expect(page.getByRole("status")).toHaveText("Another mail is on its way.");
      expect(world.auth.mailTo(mary.email)).not.toBe(first);

      await page.goto(world.auth.mailTo(mary.email).link);
      await page.goto(`${world.app}/verify`);
      await expect(page.getByRole("heading", { name: "Your e-mail is verified" })).toBeVisible();
      await page.getByTestId("user-menu").locator("summary").click();
      await page.getByTestId("user-menu").getByRole("button", { name: "Sign out" }).click();
      await expect(page).toHaveURL(`${world.app}/library`.replace("/library", "/login?redirect=/library"));
      expect(await sessionCookie(context)).toBeUndefined();
    });

    test("a wrong password is said, the address stays, and the right one leads where one wanted", async ({
      page,
      world,
      context,
    }) => {
      await page.goto(`${world.app}/account?tab=1`);
      await expect(page).toHaveURL(`${world.app}/login?redirect=/account%3Ftab%3D1`);
      await enter(page, { ...ADA, password: "difference-engine" });
      await expect(page.getByRole("main").getByRole("alert")).toHaveAttribute("data-code", "signin-failed");
      const form = page.locator("form", { has: page.getByLabel("Password") });
      await expect(form.getByLabel("E-mail")).toHaveValue(ADA.email);
      await expect(form.getByLabel("Password")).toHaveValue("");
      expect(await sessionCookie(context)).toBeUndefined();
      await enter(page, ADA);
      await expect(page).toHaveURL(`${world.app}/account?tab=1`);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(ADA.name);
      expect(await sessionCookie(context)).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/" });
    });

    test("who does not want to be remembered is signed in until the browser closes", async ({
      page,
      world,
      context,
    }) => {
      await page.goto(`${world.app}/login`);
      await page.getByLabel("Remember me").uncheck();
      await enter(page, ADA);
      await expect(page).toHaveURL(`${world.app}/library`);
      expect((await sessionCookie(context))?.expires).toBe(-1);
    });

    test("a magic link signs in once, however often a scanner opened it before", async ({ page, world }) => {
      const mary = await newUser(world);
      await page.goto(`${world.app}/login?redirect=/account`);
      await page.getByLabel("E-mail for the link").fill(mary.email);
      await page.getByRole("button", { name: "Send me a link" }).click();
      await expect(page.getByRole("status")).toContainText("Look into your mail");
      const { link } = world.auth.mailTo(mary.email);
      for (let scan = 0; scan < 2; scan++) {
        const answer = await open(world, link.replace(world.app, ""));
        expect(answer.status).toBe(303);
        expect((await open(world, answer.headers.get("location") ?? "")).headers.getSetCookie()).toEqual([]);
      }
      await page.goto(link);
      expect(pathOf(page)).toMatch(/^\/magic-link\?token=/);
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page).toHaveURL(`${world.app}/account`);
      await page.goto(link);
      await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("main").getByRole("alert")).toHaveAttribute("data-code", "signin-failed");
    });

    test("a new password by mail ends every session, and leads to signing in", async ({
      page,
      world,
      context,
    }) => {
      const mary = await newUser(world);
      const other = await cookieOf(world, mary);
      expect((await open(world, "/library", { cookie: other })).status).toBe(200);
      await page.goto(`${world.app}/forgot`);
      await page.getByLabel("E-mail").fill(mary.email);
      await page.getByRole("button", { name: "Send the mail" }).click();
      await expect(page.getByRole("status")).toContainText("a link is on its way");
      await page.goto(world.auth.mailTo(mary.email).link);
      expect(pathOf(page)).toMatch(/^\/reset\?token=/);
      await page.getByLabel("New password").fill("principia-mathematica");
      await page.getByLabel("The same again").fill("principia");
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page.getByRole("main").getByRole("alert")).toHaveAttribute("data-code", "field-invalid");
      await page.getByLabel("New password").fill("principia-mathematica");
      await page.getByLabel("The same again").fill("principia-mathematica");
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page).toHaveURL(`${world.app}/login?notice=password-reset`);
      await expect(page.getByRole("status")).toContainText("Your password is changed");
      expect(await sessionCookie(context)).toBeUndefined();
      expect((await open(world, "/library", { cookie: other })).status).toBe(303);
      await enter(page, { ...mary, password: "principia-mathematica" });
      await expect(page).toHaveURL(`${world.app}/library`);
    });

    test("devices: one is signed out, the others, all of them", async ({ page, world }) => {
      const mary = await newUser(world);
      const [first, second] = [await cookieOf(world, mary), await cookieOf(world, mary)];
      await signIn(page, world, mary);
      await page.goto(`${world.app}/account`);
      // The sign-up made a session, too.
      await expect(page.getByTestId("device")).toHaveCount(3);
      await expect(page.getByTestId("this-device")).toContainText(/on Linux.*this one/s);
      const alive = async () =>
        Promise.all(
          [first, second].map(async (cookie) => (await open(world, "/library", { cookie })).status === 200),
        );
      expect(await alive()).toEqual([true, true]);
      await page.getByTestId("device").first().getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByTestId("device")).toHaveCount(2);
      expect(await alive()).toEqual([true, false]);
      await page.getByRole("button", { name: "Sign out all others" }).click();
      await expect(page.getByRole("status")).toHaveText("All other devices are signed out.");
      await expect(page.getByTestId("device")).toHaveCount(0);
      expect(await alive()).toEqual([false, false]);

      const third = await cookieOf(world, mary);
      expect((await open(world, "/library", { cookie: third })).status).toBe(200);
      await page.getByRole("button", { name: "Sign out everywhere" }).click();
      await expect(page).toHaveURL(/\/login/);
      expect((await open(world, "/library", { cookie: third })).status).toBe(303);
    });

    test("the studio is for creators: others get a 403 and stay signed in", async ({
      page,
      world,
      context,
    }) => {
      await signIn(page, world, ADA);
      const answer = await page.goto(`${world.app}/studio`);
      expect(answer?.status()).toBe(403);
      expect(answer?.headers()["content-type"]).toContain("text/html");
      expect(await sessionCookie(context)).toBeDefined();
      await context.clearCookies();
      await signIn(page, world, GRACE);
      await page.getByRole("link", { name: "Studio" }).click();
      await expect(page.getByRole("heading", { name: "Drafts" })).toBeVisible();
    });
  });
