import type { Page } from "@playwright/test";
import { ask, chats, expect, signIn, test } from "./world.ts";

interface Seen {
  url: string;
  status: number;
  headers: string;
  body: string | undefined;
}

/** Every response, with its headers but Set-Cookie. */
function record(page: Page): () => Promise<Seen[]> {
  const seen: Promise<Seen>[] = [];
  page.on("response", (response) =>
    seen.push(
      (async () => {
        const headers = (await response.headersArray()).filter(
          ({ name }) => name.toLowerCase() !== "set-cookie",
        );
        return {
          url: response.url(),
          status: response.status(),
          headers: JSON.stringify(headers),
          body: await response.text().catch(() => undefined),
        };
      })(),
    ),
  );
  return () => Promise.all(seen);
}

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

test("the token stands in no HTML, RSC payload, JSON, script, header or storage", async ({ page, world }) => {
  const responses = record(page);
  await signIn(page, world);
  await ask(page, "Where is my token?");
  await expect(page.getByTestId("api")).toContainText("not for proof.", { timeout: 15_000 });
  const [chat] = chats(world);
  const token = chat?.headers.authorization?.replace("Bearer ", "") ?? "";
  expect(token).toMatch(/^ey.{80,}/);
  expect(await reachable(page)).not.toContain(token);
  for (const path of ["/", "/?again"]) {
    // A body is gone with its page.
    await responses();
    await page.goto(world.app + path);
    await expect(page.getByTestId("token-read")).toHaveText("null");
  }
  await responses();
  // The payload that Next's router fetches for a navigation.
  const rsc = await page.evaluate(async () => {
    const answer = await fetch("/?_rsc=1", { headers: { rsc: "1" } });
    return [answer.headers.get("content-type"), await answer.text()];
  });
  expect(rsc[0]).toContain("text/x-component");
  expect(await reachable(page)).not.toContain(token);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByTestId("sign-in")).toBeVisible();

  const seen = await responses();
  const signature = token.split(".")[2] as string;
  const kinds = new Set(seen.map(({ headers }) => /"content-type","value":"([^";]+)/i.exec(headers)?.[1]));
  for (const kind of ["text/html", "text/x-component", "text/event-stream", "text/css"])
    expect([...kinds]).toContain(kind);
  expect(seen.filter(({ body, status }) => body === undefined && status < 300)).toEqual([]);
  for (const { url, headers, body } of seen) {
    expect(url).not.toContain(signature);
    expect(headers, url).not.toContain(signature);
    expect(body?.includes(signature) ?? false, url).toBe(false);
  }
  expect(seen.length).toBeGreaterThan(10);
});

test("scripts see no token, and the browser keeps it HttpOnly, Secure and Lax", async ({ page, world }) => {
  await signIn(page, world);
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
