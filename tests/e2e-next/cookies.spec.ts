import { expect, signin, test } from "./world.ts";

const ENDPOINT = "/.nordcraft/cookies/set-cookie";

test.describe("the cookie endpoint in Next", () => {
  test("sets a cookie that no script can read", async ({ page, world }) => {
    await page.goto(world.app);
    const status = await page.evaluate(
      async (endpoint) =>
        (
          await fetch(endpoint, {
            method: "POST",
            headers: { "content-type": "application/json", "x-httponly": "1" },
            body: JSON.stringify({ name: "secret", value: "a=b", ttl: 60 }),
          })
        ).status,
      ENDPOINT,
    );
    expect(status).toBe(200);
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === "secret")).toMatchObject({ httpOnly: true, secure: true });
    expect(await page.evaluate(() => document.cookie)).not.toContain("secret");
  });

  for (const name of ["taskflow_id_token", "visitor", "__Host-Http-a"])
    test(`does not set ${name}`, async ({ page, world }) => {
      await signin(page, world);
      const before = await page.context().cookies();
      const answer = await page.evaluate(
        async ([endpoint, name]) => {
          const body = JSON.stringify({ name, value: "planted" });
          const headers = { "content-type": "application/json" };
          const answer = await fetch(endpoint as string, { method: "POST", headers, body });
          return { status: answer.status, code: (await answer.json()).error.code };
        },
        [ENDPOINT, name],
      );
      expect(answer.status).toBe(400);
      expect(["name-invalid", "prefix-violated"]).toContain(answer.code);
      expect(await page.context().cookies()).toEqual(before);
    });

  test("sets nothing when its address is opened", async ({ page, world }) => {
    await page.goto(world.app);
    const answer = await page.goto(`${world.app}${ENDPOINT}?name=planted&value=1`);
    expect(answer?.status()).toBe(403);
    expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("planted");
  });

  test("refuses another method with a typed error", async ({ world }) => {
    const answer = await fetch(`${world.app}${ENDPOINT}`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, POST");
    expect((await answer.json()).error.code).toBe("method-not-allowed");
  });
});

test.describe("a cookie during SSR", () => {
  for (const written of [
    "apollo",
    "a=b==",
    "50%25",
    "a%20b%3B",
    "%zz",
    "%E0%A4%A",
    '"quoted"',
    "",
    "a+b",
    "x,y",
    "%F0%9F%8D%AA",
    "null",
    "<script>",
    "%3C/script%3E",
  ])
    test(`${JSON.stringify(written)} reads the same as in the page`, async ({ page, world }) => {
      await page.goto(world.app);
      await page.evaluate((value) => {
        document.cookie = `project=${value}; path=/`;
      }, written);
      await page.reload();
      await expect(page.getByTestId("project-read")).not.toHaveText("…");
      const [inPage, onServer] = [
        await page.getByTestId("project-read").textContent(),
        await page.getByTestId("project-ssr").textContent(),
      ];
      expect(onServer).toBe(inPage);
      expect(onServer).not.toBe("null");
    });

  test("an absent cookie is null in both", async ({ page, world }) => {
    await page.goto(world.app);
    await expect(page.getByTestId("project-read")).toHaveText("null");
    await expect(page.getByTestId("project-ssr")).toHaveText("null");
  });

  test("the theme stands in the first byte of HTML", async ({ page, world }) => {
    await page.goto(world.app);
    await page.getByText("dark", { exact: true }).click();
    const answer = await page.goto(world.app);
    expect(await answer?.text()).toContain('data-theme="dark"');
  });
});

test.describe("proxy.ts", () => {
  test("the page knows a cookie in the same turn in which it is set", async ({ page, world }) => {
    const answer = await page.goto(world.app);
    const lines = (await answer?.headersArray())?.filter(({ name }) => name.toLowerCase() === "set-cookie");
    expect(lines).toHaveLength(1);
    expect(lines?.[0]?.value).toMatch(
      /^visitor=[\da-f-]{36}; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=2592000$/,
    );
    expect(await answer?.headerValue("cache-control")).toBe("private, no-store");
    const id = lines?.[0]?.value.slice("visitor=".length, "visitor=".length + 8) ?? "";
    await expect(page.getByTestId("visitor")).toContainText(id);

    const again = await page.reload();
    expect(await again?.headerValue("set-cookie")).toBeNull();
    await expect(page.getByTestId("visitor")).toContainText(id);
  });
});
