import { test as base, expect } from "@playwright/test";
import { hydrated } from "./fixtures.ts";
import { run, serve } from "./servers.ts";

/** The example, with an API_URL at which nothing listens. */
const test = base.extend<{ app: string }>({
  app: async ({ browserName: _ }, use) => {
    const [free, nothing] = [await serve(() => {}), await serve(() => {})];
    for (const spare of [free, nothing]) spare.close();
    const app = `http://localhost:${free.port}`;
    const web = await run(
      ["examples/sveltekit/build/index.js"],
      {
        PORT: String(free.port),
        HOST: "127.0.0.1",
        ORIGIN: app,
        API_URL: `http://127.0.0.1:${nothing.port}`,
      },
      /Listening on/,
    );
    await use(app);
    web.child.kill("SIGKILL");
    await web.ended;
  },
});

test("with the API away the page says so, signs nobody in, and answers 502", async ({
  page,
  app,
  context,
}) => {
  await page.goto(app);
  await hydrated(page);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("The API does not answer.");
  expect(await context.cookies()).toEqual([]);

  await context.addCookies([{ name: "access_token", value: "kept", url: app, httpOnly: true }]);
  for (const way of ["bearer", "template"]) {
    await page.getByRole("button", { name: `GET /me with ${way}` }).click();
    await expect(page.getByTestId("log")).toContainText('"code": "upstream-unreachable"');
    await expect(page.getByTestId("log")).toContainText("502");
  }
});
