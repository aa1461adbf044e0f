import type { Page } from "@playwright/test";
import { recorded } from "./recorder.ts";
import { ask, chats, expect, signin, test } from "./world.ts";

// A leak that shows now and then is a leak.
test.describe.configure({ retries: 0 });

/** Everything that a script of the page can reach. */
const reachable = (page: Page) =>
  page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches_ = await caches.keys();
    return JSON.stringify([
      document.cookie,
      document.documentElement.outerHTML,
      { ...localStorage },
      { ...sessionStorage },
      databases,
      caches_,
      history.state,
      window.name,
      Object.keys(window)
        .map((key) => Reflect.get(window, key))
        .filter((value) => typeof value === "string" || Array.isArray(value)),
      (window as unknown as { __next_f?: unknown }).__next_f,
    ]);
  });

recorded(
  "the token stands in no HTML, RSC payload, JSON, script, header or storage",
  async ({ page, world, seen }) => {
    await signin(page, world);
    await ask(page, "Where is my token?");
    await expect(page.getByTestId("api")).toContainText("not for proof.", { timeout: 15_000 });
    const [chat] = chats(world);
    const token = chat?.headers.authorization?.replace("Bearer ", "") ?? "";
    expect(token).toMatch(/^ey.{80,}/);
    expect(await reachable(page)).not.toContain(token);
    for (const path of ["/", "/?again"]) {
      await page.goto(world.app + path);
      await expect(page.getByTestId("token-read")).toHaveText("null");
    }
    // The payload that Next's router fetches for a navigation.
    const rsc = await page.evaluate(async () => {
      const answer = await fetch("/?_rsc=1", { headers: { rsc: "1" } });
      return [answer.headers.get("content-type"), await answer.text()];
    });
    expect(rsc[0]).toContain("text/x-component");
    expect(await reachable(page)).not.toContain(token);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByTestId("sign-in")).toBeVisible();

    await expect.poll(() => seen.filter(({ body }) => body === undefined)).toEqual([]);
    const signature = token.split(".")[2] as string;
    for (const kind of ["text/html", "text/x-component", "text/event-stream", "text/css"])
      expect(seen.map(({ type }) => type)).toContain(kind);
    const redirects = seen.filter(({ headers }) => headers.includes('"x-action-redirect"'));
    expect(redirects.map(({ status, type }) => [status, type])).toEqual([
      [200, "text/x-component"],
      [200, "text/x-component"],
    ]);
    expect(seen.some(({ setCookie }) => setCookie.includes(signature))).toBe(true);
    for (const { url, headers, body } of seen) {
      expect(url).not.toContain(signature);
      expect(headers, url).not.toContain(signature);
      expect(body?.includes(signature), url).toBe(false);
    }
    console.log(
      JSON.stringify(seen.map(({ url, status, type, body }) => [url.slice(22), status, type, body?.length])),
    );
    expect(seen.length).toBeGreaterThan(10);
  },
);

test("scripts see no token, and the browser keeps it HttpOnly, Secure and Lax", async ({ page, world }) => {
  await signin(page, world);
  await expect(page.getByTestId("token-read")).toHaveText("null");
  expect(await page.evaluate(() => document.cookie)).not.toContain("taskflow_id_token");
  const cookies = await page.context().cookies();
  expect(cookies.find(({ name }) => name === "taskflow_id_token")).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: "/",
    domain: "localhost",
  });
});

test("a token with bytes that Next encodes reaches the API as the API gave it", async ({ page, world }) => {
  const token = "a+b/c=d%20e~!*'()";
  world.nextToken.value = token;
  await page.goto(world.app);
  await page.getByTestId("sign-in").getByRole("button", { name: "Sign in" }).click();
  await expect.poll(() => world.received.some(({ path }) => path === "/me")).toBe(true);
  await expect
    .poll(async () => (await page.context().cookies()).map(({ name }) => name))
    .toContain("taskflow_id_token");
  // The action's redirect may still be rendering, and takes the chat along.
  await page.goto(world.app);
  await ask(page, "Who am I?");
  await expect(page.getByTestId("refusal")).toContainText("401");
  expect(chats(world)[0]?.headers.authorization).toBe(`Bearer ${token}`);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("signing in and out works, and a wrong password is said", async ({ page, world }) => {
    await page.goto(world.app);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText("No user has this email and password.");
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("taskflow_id_token");

    await page.getByLabel("Password").fill("analytical");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByTestId("signed-in")).toContainText("Ada Lovelace");
    expect(page.url()).toBe(`${world.app}/`);
    await page.reload();
    await expect(page.getByTestId("signed-in")).toBeVisible();

    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByTestId("sign-in")).toBeVisible();
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("taskflow_id_token");
  });
});
