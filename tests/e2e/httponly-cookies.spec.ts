import { expect, listed, now, stored, test } from "./fixtures.ts";

test("an HttpOnly cookie is set by the page and cannot be read by JavaScript", async ({ page, open }) => {
  await open();
  const section = page.getByRole("region", { name: "HttpOnly cookies" });
  await section.getByLabel("Name").fill("sealed");
  await section.getByLabel("Value").fill("for the server = only %");
  await section.getByLabel("maxAge, seconds").fill("600");
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();

  await expect(page.getByTestId("httponly-result")).toContainText('getCookie("sealed") is null.');
  await expect(listed(page, "sealed")).toContainText("The server reads it. JavaScript cannot.");
  const cookie = await stored(page, "sealed");
  expect(cookie).toMatchObject({
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: "/",
    domain: "localhost",
  });
  expect(decodeURIComponent(cookie?.value ?? "")).toBe("for the server = only %");
  expect(Math.abs((cookie?.expires ?? 0) - now() - 600)).toBeLessThan(5);
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await page.evaluate(async () => JSON.stringify(await window.cookieStore.getAll()))).toBe("[]");
});

test("an HttpOnly cookie is deleted by the page", async ({ page, open }) => {
  await open();
  const section = page.getByRole("region", { name: "HttpOnly cookies" });
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();
  await expect(listed(page, "refresh_hint")).toBeVisible();
  await section.getByRole("button", { name: "Delete HttpOnly cookie" }).click();
  await expect(page.getByTestId("httponly-result")).toContainText("The server deleted “refresh_hint”.");
  await expect(listed(page, "refresh_hint")).toHaveCount(0);
  expect(await page.context().cookies()).toEqual([]);
});

test("an HttpOnly cookie that holds a JWT ends when the JWT does, and any other without maxAge with the session", async ({
  page,
  open,
}) => {
  await open();
  const section = page.getByRole("region", { name: "HttpOnly cookies" });
  const exp = Math.floor(now()) + 5400;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  await section.getByLabel("maxAge, seconds").fill("");
  await section.getByLabel("Value").fill(`${part({ alg: "none" })}.${part({ exp, name: "Zoë" })}.signature`);
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();
  await expect(listed(page, "refresh_hint")).toBeVisible();
  expect(Math.abs(((await stored(page, "refresh_hint"))?.expires ?? 0) - exp)).toBeLessThan(2);

  await section.getByLabel("Name").fill("other");
  await section.getByLabel("Value").fill("no token");
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();
  await expect(listed(page, "other")).toBeVisible();
  expect((await stored(page, "other"))?.expires).toBe(-1);
});

test("a mistake in an HttpOnly cookie is refused with its code, and nothing is sent", async ({
  page,
  open,
}) => {
  await open();
  const sent: string[] = [];
  page.on("request", (request) => sent.push(new URL(request.url()).pathname));
  const section = page.getByRole("region", { name: "HttpOnly cookies" });
  await section.getByLabel("Name").fill("semi;colon");
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();
  await expect(page.getByTestId("httponly-result").locator("[data-field=code]")).toHaveText("name-invalid");
  expect(sent).not.toContain("/.nordcraft/cookies/set-cookie");
});

test("the value of an HttpOnly cookie travels in a POST body: in no URL, and in no answer", async ({
  page,
  open,
}) => {
  await open();
  const section = page.getByRole("region", { name: "HttpOnly cookies" });
  await section.getByLabel("Value").fill("very-secret-value");
  const asked = page.waitForResponse("**/.nordcraft/cookies/set-cookie");
  await section.getByRole("button", { name: "Set HttpOnly cookie" }).click();
  const answer = await asked;
  expect(answer.request().method()).toBe("POST");
  expect(answer.url()).not.toContain("very-secret-value");
  expect(answer.status()).toBe(200);
  expect(answer.headers()["cache-control"]).toContain("no-store");
  const again = await page.evaluate(async () => {
    const json = { "content-type": "application/json" };
    const body = JSON.stringify({ name: "again", value: "very-secret-value" });
    const answer = await fetch("/.nordcraft/cookies/set-cookie", { method: "POST", headers: json, body });
    return { status: answer.status, text: await answer.text() };
  });
  expect(again).toEqual({ status: 200, text: "" });
});
