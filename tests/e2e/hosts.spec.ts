import { claims, expect, hydrated, listed, signin, stored, test } from "./fixtures.ts";
import { hosts } from "./hosts.ts";

test.describe("at http://app.my.localhost", () => {
  test.use({ baseURL: hosts.subdomain.origin });

  const cases = [
    ["includes subdomains by default", {}, ".app.my.localhost"],
    ["stays on its host with includeSubdomains false", { includeSubdomains: "false" }, "app.my.localhost"],
    ["goes to the parent domain", { domain: "my.localhost" }, ".my.localhost"],
  ] as const;
  for (const [title, options, domain] of cases)
    test(`a client cookie ${title}`, async ({ page, open }) => {
      await open();
      const section = page.getByRole("region", { name: "Client cookies" });
      await section.getByLabel("Name", { exact: true }).fill("c");
      await section.getByText("Options", { exact: true }).click();
      for (const [label, value] of Object.entries(options)) {
        const field = section.getByLabel(label, { exact: true });
        if (label === "domain") await field.fill(value);
        else await field.selectOption(value);
      }
      await section.getByRole("button", { name: "Set cookie" }).click();
      await expect(page.getByTestId("client-result")).toContainText("Kept");
      expect(await stored(page, "c")).toMatchObject({ domain });
      await section.getByRole("button", { name: "Delete", exact: true }).click();
      await expect(page.getByTestId("client-result")).toContainText("gone");
      expect(await page.context().cookies()).toEqual([]);
    });

  test("an HttpOnly cookie includes subdomains, and is deleted again", async ({ page, open }) => {
    await open();
    await page.getByRole("button", { name: "Set HttpOnly cookie" }).click();
    await expect(listed(page, "refresh_hint")).toBeVisible();
    expect(await stored(page, "refresh_hint")).toMatchObject({
      domain: ".app.my.localhost",
      httpOnly: true,
      secure: true,
    });
    await page.getByRole("button", { name: "Delete HttpOnly cookie" }).click();
    await expect(listed(page, "refresh_hint")).toHaveCount(0);
    expect(await page.context().cookies()).toEqual([]);
  });

  test("signing in, calling /me and signing out work, and the token stays on its host", async ({
    page,
    open,
  }) => {
    await open();
    const token = await signin(page);
    expect(await stored(page, "access_token")).toMatchObject({
      domain: "app.my.localhost",
      httpOnly: true,
      secure: true,
    });
    expect(claims(token).sub).toBe("1");
    await page.getByRole("button", { name: "GET /me with template" }).click();
    await expect(page.getByTestId("log")).toContainText("ada@example.com");
    await page.reload();
    await hydrated(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByTestId("session-result")).toContainText("Signed out");
    expect(await page.context().cookies()).toEqual([]);
  });

  test("a sibling host reads what was set for the parent, and nothing else", async ({
    page,
    open,
    context,
  }) => {
    await open();
    const section = page.getByRole("region", { name: "Client cookies" });
    await section.getByLabel("Name", { exact: true }).fill("shared");
    await section.getByText("Options", { exact: true }).click();
    await section.getByLabel("domain", { exact: true }).fill("my.localhost");
    await section.getByRole("button", { name: "Set cookie" }).click();
    await expect(listed(page, "shared")).toBeVisible();
    await signin(page);
    const sibling = await context.newPage();
    await sibling.goto(hosts.subdomain.origin.replace("app.", "api."));
    await hydrated(sibling);
    await expect(listed(sibling, "shared")).toBeVisible();
    await expect(listed(sibling, "access_token")).toHaveCount(0);
  });
});
