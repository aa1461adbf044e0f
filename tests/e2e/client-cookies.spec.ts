import type { Page } from "@playwright/test";
import { expect, listed, now, stored, test } from "./fixtures.ts";

const section = (page: Page) => page.getByRole("region", { name: "Client cookies" });
const result = (page: Page) => page.getByTestId("client-result");

/** Fills the form; options by the label of their field, an empty text clears it. */
async function fill(page: Page, name: string, value: string, options: Record<string, string | boolean> = {}) {
  const form = section(page);
  await form.getByLabel("Name", { exact: true }).fill(name);
  await form.getByLabel("Value", { exact: true }).fill(value);
  if (!(await form.getByLabel("sameSite").isVisible()))
    await form.getByText("Options", { exact: true }).click();
  for (const [label, wanted] of Object.entries({ "maxAge, seconds": "", ...options })) {
    const field = form.getByLabel(label, { exact: true });
    if (typeof wanted === "boolean") await field.setChecked(wanted);
    else if ((await field.evaluate((element) => element.tagName)) === "SELECT")
      await field.selectOption(wanted);
    else await field.fill(wanted);
  }
}

const press = (page: Page, name: string) => section(page).getByRole("button", { name, exact: true }).click();

test("a client cookie is set, read back, and listed with what the browser kept", async ({ page, open }) => {
  await open();
  await fill(page, "flavour", "chocolate = 70 %", { "maxAge, seconds": "3600" });
  await press(page, "Set cookie");
  await expect(result(page)).toContainText("Kept, and read back as “chocolate = 70 %”.");
  const entry = listed(page, "flavour");
  await expect(entry).toContainText("chocolate = 70 %");
  await expect(entry).toContainText("SameSite Lax");
  await expect(entry).toContainText("Path /");
  await expect(entry).toContainText("Expires in 60 min");
  await expect(page.getByTestId("document-cookie")).toContainText("flavour=");
  await expect(page.getByTestId("document-cookie")).toHaveText(await page.evaluate(() => document.cookie));
});

test("a client cookie is read", async ({ page, open }) => {
  await open();
  await page.evaluate(() => {
    document.cookie = "given=a%20b";
  });
  await fill(page, "given", "");
  await press(page, "Read");
  await expect(result(page)).toContainText("“a b”");
  await fill(page, "absent", "");
  await press(page, "Read");
  await expect(result(page)).toContainText("null");
});

test("a client cookie is deleted, by the form and in the list", async ({ page, open }) => {
  await open();
  for (const name of ["first", "second"]) {
    await fill(page, name, "1");
    await press(page, "Set cookie");
    await expect(listed(page, name)).toBeVisible();
  }
  await press(page, "Delete");
  await expect(result(page)).toContainText("“second” is gone.");
  await expect(listed(page, "second")).toHaveCount(0);
  await page.getByRole("button", { name: "Delete first" }).click();
  await expect(listed(page, "first")).toHaveCount(0);
  expect(await page.context().cookies()).toEqual([]);
});

test.describe("every option reaches the browser", () => {
  test("maxAge: the expiry", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1", { "maxAge, seconds": "7200" });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    const cookie = await stored(page, "c");
    expect(Math.abs((cookie?.expires ?? 0) - now() - 7200)).toBeLessThan(5);
  });

  test("no maxAge: a session cookie", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1");
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    expect((await stored(page, "c"))?.expires).toBe(-1);
    await expect(listed(page, "c")).toContainText("Session");
  });

  test("maxAge 0: the cookie is deleted", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1");
    await press(page, "Set cookie");
    await expect(listed(page, "c")).toBeVisible();
    await fill(page, "c", "1", { "maxAge, seconds": "0" });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("“c” is deleted.");
    expect(await stored(page, "c")).toBeUndefined();
  });

  test("expires: that minute", async ({ page, open }) => {
    await open();
    const moment = new Date(Math.ceil(Date.now() / 60_000) * 60_000 + 3_600_000);
    const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    await fill(page, "c", "1", { expires: local });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    expect(Math.abs(((await stored(page, "c"))?.expires ?? 0) - moment.getTime() / 1000)).toBeLessThan(2);
  });

  for (const sameSite of ["Lax", "Strict"] as const)
    test(`sameSite ${sameSite}`, async ({ page, open }) => {
      await open();
      await fill(page, "c", "1", { sameSite });
      await press(page, "Set cookie");
      await expect(result(page)).toContainText("Kept");
      expect(await stored(page, "c")).toMatchObject({ sameSite, secure: false, httpOnly: false, path: "/" });
    });

  test("sameSite None: Secure comes with it", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1", { sameSite: "None" });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    expect(await stored(page, "c")).toMatchObject({ sameSite: "None", secure: true });
  });

  test("secure", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1", { secure: "true" });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    expect(await stored(page, "c")).toMatchObject({ secure: true, sameSite: "Lax" });
  });

  test("path: kept, and outside this page", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1", { path: "/account" });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("outside its path");
    expect(await stored(page, "c")).toMatchObject({ path: "/account" });
    await expect(listed(page, "c")).toHaveCount(0);
  });

  test("partitioned: Secure, and keyed by this site", async ({ page, open }) => {
    await open();
    await fill(page, "c", "1", { partitioned: true });
    await press(page, "Set cookie");
    await expect(result(page)).toContainText("Kept");
    const devtools = await page.context().newCDPSession(page);
    const { cookies } = await devtools.send("Network.getCookies");
    const cookie = cookies.find(({ name }) => name === "c");
    expect(cookie).toMatchObject({ secure: true });
    expect(JSON.stringify(cookie?.partitionKey)).toContain("http://localhost");
  });

  test("verify: a cookie that an HttpOnly one keeps out is refused, and without verify it is not noticed", async ({
    page,
    open,
  }) => {
    await open();
    await page
      .context()
      .addCookies([{ name: "taken", value: "1", url: page.url(), httpOnly: true, sameSite: "Lax" }]);
    await fill(page, "taken", "2");
    await press(page, "Set cookie");
    await expect(result(page).locator("[data-field=code]")).toHaveText("not-stored");
    await fill(page, "taken", "2", { verify: false });
    await press(page, "Set cookie");
    await expect(result(page)).not.toContainText("Refused");
    expect(await stored(page, "taken")).toMatchObject({ value: "1", httpOnly: true });
  });

  test("the call is shown as one would write it", async ({ page, open }) => {
    await open();
    await fill(page, "c", "v", { "maxAge, seconds": "60", sameSite: "Strict", includeSubdomains: "false" });
    await expect(page.getByTestId("client-call")).toHaveText(
      'setCookie("c", "v", { maxAge: 60, sameSite: "Strict", includeSubdomains: false })',
    );
  });
});

test.describe("a mistake is refused with its code, rule and message, and nothing is set", () => {
  const mistakes = [
    ["5,000 bytes", "too-large", /4096 bytes/, /./],
    ["; in a name", "name-invalid", /token/, /U\+003B.* at index 4/],
    ["CR LF in a value", "value-invalid", /control characters/, /U\+000D.* at index 1/],
    ["SameSite=None, not secure", "same-site-insecure", /SameSite=None needs Secure/, /./],
    ["__Host- with a path", "prefix-violated", /__Host-.* cookie has Path=\//, /./],
    ["A foreign domain", "domain-invalid", /the host is the domain or lies below it/, /./],
    ["A path without /", "path-invalid", /a path must start with \//, /./],
  ] as const;
  for (const [label, code, rule, message] of mistakes)
    test(`${label}: ${code}`, async ({ page, open }) => {
      await open();
      await page.getByRole("button", { name: label, exact: true }).click();
      await expect(result(page).locator("[data-field=code]")).toHaveText(code);
      await expect(result(page).locator("[data-field=rule]")).toHaveText(rule);
      await expect(result(page).locator("[data-field=message]")).toHaveText(message);
      expect(await page.context().cookies()).toEqual([]);
      expect(await page.evaluate(() => document.cookie)).toBe("");
    });
});

test("the list is live: a cookie that another script sets shows up by itself", async ({ page, open }) => {
  await open();
  await page.evaluate(() => {
    document.cookie = "elsewhere=1";
  });
  await expect(listed(page, "elsewhere")).toBeVisible();
});

test("getCookie inside a ShadowRoot gives null", async ({ page, open }) => {
  await open();
  await fill(page, "seen", "by the page");
  await press(page, "Set cookie");
  await expect(page.getByTestId("shadow-page")).toHaveText('"by the page"');
  await expect(page.getByTestId("shadow-inside")).toHaveText("null");
});
