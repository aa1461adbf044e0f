import type { Page } from "@playwright/test";
import { claims, expect, hydrated, listed, signin, stored, test } from "./fixtures.ts";

const log = (page: Page) => page.getByTestId("log");
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

test("signing in puts the JWT into the HttpOnly cookie access_token, which ends when the JWT does", async ({
  page,
  open,
}) => {
  await open();
  const answered = page.waitForResponse("**/api-login");
  const token = await signin(page);
  const ends = new Date(claims(token).exp * 1000);
  expect(await (await answered).headerValue("set-cookie")).toContain(`Expires=${ends.toUTCString()}`);
  const cookie = await stored(page, "access_token");
  // Chromium corrects the expiry by the difference of the clocks, which it knows to the second.
  expect(Math.abs((cookie?.expires ?? 0) - claims(token).exp)).toBeLessThan(2);
  expect(cookie).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: "/",
    domain: "localhost",
  });
  await expect(page.getByTestId("session-ends")).toHaveAttribute("datetime", ends.toISOString());
  await expect(listed(page, "access_token")).toContainText("The server reads it. JavaScript cannot.");
});

test("the page shows that JavaScript cannot read the token", async ({ page, open }) => {
  await open();
  await signin(page);
  await expect(page.getByTestId("token-read")).toHaveText("null");
  await expect(page.getByTestId("token-in-document")).toHaveText("no");
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("the token never reaches the page: not the HTML, no storage, no body, no header, no URL", async ({
  page,
  open,
  recorded,
}) => {
  await open();
  const token = await signin(page);
  for (const name of ["GET /me with bearer", "GET /me with template", "POST /echo with template"]) {
    await press(page, name);
    await expect(page.getByRole("button", { name, exact: true })).toBeEnabled();
  }
  await press(page, "GET /events with bearer");
  await expect(log(page)).toContainText("event 8 of 8");
  await page.reload();
  await hydrated(page);
  await expect(page.getByTestId("signed-in")).toBeVisible();

  const text = await recorded.text();
  expect(text).toContain("Ada Lovelace");
  expect(text).toContain("What the browser kept");
  expect(text).toContain("event: tick");
  expect(text).not.toContain("UNREAD");
  // The signature is in no other text, and the payload would be in a decoded one.
  for (const part of [token, ...token.split(".").slice(1)]) expect(text).not.toContain(part);

  const readable = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches = await window.caches.keys();
    const kept = await window.cookieStore.getAll();
    return JSON.stringify([
      document.documentElement.outerHTML,
      document.cookie,
      { ...localStorage },
      { ...sessionStorage },
      databases,
      caches,
      kept,
      window.name,
      history.state,
    ]);
  });
  expect(readable).not.toContain(token.split(".")[2]);
  expect(readable).not.toContain(token.split(".")[1]);
});

test("a wrong password is refused, and no cookie is set", async ({ page, open }) => {
  await open();
  await page.getByLabel("Password").fill("wrong");
  await press(page, "Sign in");
  await expect(page.getByRole("alert")).toHaveText("No user has this email and password.");
  expect(await page.context().cookies()).toEqual([]);
});

for (const [way, line] of [
  ["bearer", "GET /api/proxy/api/me"],
  ["template", "Authorization: Bearer {{ cookies.access_token }}"],
] as const)
  test(`/me is called through the proxy with ${way}`, async ({ page, open }) => {
    await open();
    await signin(page);
    await press(page, `GET /me with ${way}`);
    await expect(log(page)).toContainText(line);
    await expect(log(page)).toContainText("200");
    await expect(log(page)).toContainText('"email": "ada@example.com"');
  });

for (const way of ["bearer", "template"])
  test(`/events streams through the proxy with ${way}, one event at a time`, async ({ page, open }) => {
    await open();
    await signin(page);
    await press(page, `GET /events with ${way}`);
    const events = log(page).locator(".event");
    await expect(events.first()).toBeVisible();
    expect(await events.count()).toBeLessThan(8);
    await expect(events).toHaveCount(8);
    const times = (await events.allInnerTexts()).map((line) => Number.parseFloat(line));
    // The API sends one every 300 ms; a buffer anywhere would let several arrive at once.
    for (const [index, time] of times.slice(1).entries())
      expect(time - (times[index] ?? 0)).toBeGreaterThan(0.05);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1.5);
  });

test("an EventSource, which can send no header, streams /events through the bearer target", async ({
  page,
  open,
}) => {
  await open();
  await signin(page);
  const delays = await page.evaluate(
    () =>
      new Promise<number[]>((resolve, reject) => {
        const source = new EventSource("/api/proxy/api/events");
        const sent: number[] = [];
        const delays: number[] = [];
        source.onerror = () => reject(new Error("the stream failed"));
        source.addEventListener("tick", (event) => {
          sent.push(JSON.parse(event.data).sent);
          delays.push(Date.now() - (sent.at(-1) ?? 0));
          if (sent.length < 3) return;
          source.close();
          resolve(delays);
        });
      }),
  );
  // Events are here before the next one is sent; a busy machine may delay one of the three.
  expect(delays.sort((a, b) => a - b)[1]).toBeLessThan(300);
});

test("signed out, the proxy answers 401 and the API's answer is not asked for", async ({ page, open }) => {
  await open();
  for (const way of ["bearer", "template"]) {
    await press(page, `GET /me with ${way}`);
    await expect(log(page)).toContainText("401");
    await expect(log(page)).toContainText('"code": "unauthenticated"');
  }
});

test("a template sent to a target without a grant is refused: 403 cookie-not-granted", async ({
  page,
  open,
}) => {
  await open();
  await signin(page);
  await press(page, "POST /echo with template");
  await expect(log(page)).toContainText("403");
  await expect(log(page)).toContainText('"code": "cookie-not-granted"');
  await expect(log(page)).not.toContainText('"hello"');
});

test("the target without a grant echoes a JSON post, and receives neither cookie nor token", async ({
  page,
  open,
}) => {
  await open();
  await signin(page);
  await press(page, "POST /echo");
  await expect(log(page)).toContainText("200");
  await expect(log(page)).toContainText('"hello": "world"');
  await expect(log(page)).toContainText('"content-type"');
  await expect(log(page)).not.toContainText('"cookie"');
  await expect(log(page)).not.toContainText('"authorization"');
});

test("a template in a body for a target without a grant is refused, too", async ({ page, open }) => {
  await open();
  await signin(page);
  const answer = await page.evaluate(async () => {
    const answer = await fetch("/api/proxy/echo", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: "{{ cookies.access_token }}" }),
    });
    return { status: answer.status, body: await answer.json() };
  });
  expect(answer).toMatchObject({ status: 403, body: { error: { code: "cookie-not-granted" } } });
});

test("signing out with ttl 0 deletes the cookie", async ({ page, open }) => {
  await open();
  await signin(page);
  const asked = page.waitForRequest("**/.nordcraft/cookies/set-cookie");
  await press(page, "Sign out");
  expect((await asked).postData()).toMatch(/ttl"?[=:]"?0/);
  await expect(page.getByTestId("session-result")).toContainText("Signed out");
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
  await expect(listed(page, "access_token")).toHaveCount(0);
  expect(await stored(page, "access_token")).toBeUndefined();
});

test("a page that is loaded while signed in says so from its first byte, without the token", async ({
  page,
  open,
}) => {
  await open();
  const token = await signin(page);
  const html = await (await page.request.get("/")).text();
  expect(html).toContain("Signed in");
  expect(html).toContain(new Date(claims(token).exp * 1000).toISOString());
  expect(html).not.toContain(token.split(".")[1]);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("signing in and out works", async ({ page }) => {
    await page.goto("/");
    await expect(page.locator(".noscript")).toBeVisible();
    await press(page, "Sign in");
    await expect(page.getByTestId("signed-in")).toContainText("Signed in");
    const cookie = await stored(page, "access_token");
    expect(cookie).toMatchObject({ httpOnly: true, secure: true, sameSite: "Lax", path: "/" });
    expect(Math.abs((cookie?.expires ?? 0) - claims(cookie?.value ?? "").exp)).toBeLessThan(2);
    expect(await page.content()).not.toContain(cookie?.value);
    await press(page, "Sign out");
    await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeVisible();
    expect(await page.context().cookies()).toEqual([]);
  });

  test("a wrong password is refused on the page", async ({ page }) => {
    await page.goto("/");
    await page.getByLabel("Password").fill("wrong");
    await press(page, "Sign in");
    await expect(page.getByRole("alert")).toHaveText("No user has this email and password.");
    expect(await page.context().cookies()).toEqual([]);
  });
});

test("a load reaches the API with the token during SSR, and the cookie reaches event.locals", async ({
  page,
  open,
}) => {
  await open();
  const before = await (await page.request.get("/")).text();
  expect(before).not.toContain("Ada Lovelace");
  await signin(page);
  const html = await (await page.request.get("/")).text();
  expect(html).toContain("Signed in as Ada Lovelace.");
  expect(html).not.toContain((await stored(page, "access_token"))?.value ?? "no token");
});
