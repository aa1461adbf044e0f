import { createServer, type Server } from "node:http";
import { test as base, expect, type Page } from "@playwright/test";
import { stored } from "./fixtures.ts";
import { listen, run, serve } from "./servers.ts";

// A leak that shows now and then is a leak.
base.describe.configure({ retries: 0 });

// The example is JavaScript without declarations.
const api: string = "../../examples/api/api.js";
const { createApi } = (await import(api)) as {
  createApi(options: { interval: number; events: number }): Server;
};

interface World {
  /** The example, at http://localhost. */
  app: string;
  /** What reached the API since the last sign-in. */
  reached: string[];
  /** Another site, and another origin of the same site; `body` is what their page holds. */
  attackers: { site: string; origin: string };
  page(body: string): void;
}

const test = base.extend<object, { world: World }>({
  world: [
    async ({}, use) => {
      const reached: string[] = [];
      const inner = createApi({ interval: 50, events: 2 });
      const api = await listen(
        createServer((request, response) => {
          reached.push(`${request.method} ${request.url}`);
          inner.emit("request", request, response);
        }),
      );
      let html = "";
      const attacker = await serve((_request, response) => {
        response.setHeader("content-type", "text/html; charset=utf-8");
        response.end(`<!doctype html><title>attacker</title>${html}`);
      });
      const spare = await serve(() => {});
      spare.close();
      const app = `http://localhost:${spare.port}`;
      const web = await run(
        ["examples/sveltekit/build/index.js"],
        { PORT: String(spare.port), HOST: "127.0.0.1", ORIGIN: app, API_URL: `http://127.0.0.1:${api.port}` },
        /Listening on/,
      );
      await use({
        app,
        reached,
        attackers: { site: `http://127.0.0.1:${attacker.port}`, origin: `http://localhost:${attacker.port}` },
        page: (body) => {
          html = body;
        },
      });
      web.child.kill("SIGKILL");
      await web.ended;
      attacker.close();
      api.close();
    },
    { scope: "worker" },
  ],
});

async function signin(page: Page, world: World): Promise<void> {
  await page.goto(world.app);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByTestId("signed-in")).toBeVisible();
  expect(await stored(page, "access_token")).toMatchObject({ httpOnly: true });
  // What the page itself still asks for is no attack.
  await page.waitForLoadState("networkidle");
  world.reached.length = 0;
}

const endpoint = "/.nordcraft/cookies/set-cookie";
const query = "?name=planted&value=1";
const fields = `<input name="name" value="planted"><input name="value" value="1">`;

/** What a hostile page holds; `go` is what it does then. */
const attacks: [title: string, html: (app: string) => string, navigates: boolean][] = [
  ["a link to the endpoint", (app) => `<a id="go" href="${app}${endpoint}${query}">x</a>`, true],
  ["a link to the proxy", (app) => `<a id="go" href="${app}/api/proxy/api/me">x</a>`, true],
  [
    "a GET form to the endpoint",
    (app) => `<form action="${app}${endpoint}">${fields}<button id="go">x</button></form>`,
    true,
  ],
  [
    "a POST form to the endpoint",
    (app) => `<form method="post" action="${app}${endpoint}">${fields}<button id="go">x</button></form>`,
    true,
  ],
  [
    "a text/plain form to the endpoint that looks like JSON",
    (app) =>
      `<form method="post" enctype="text/plain" action="${app}${endpoint}"><input name='{"name":"planted","value":"1","x":"' value='"}'><button id="go">x</button></form>`,
    true,
  ],
  [
    "a POST form to the proxy",
    (app) =>
      `<form method="post" action="${app}/api/proxy/api/echo"><input name="a" value="1"><button id="go">x</button></form>`,
    true,
  ],
  [
    "a POST form that signs out",
    (app) => `<form method="post" action="${app}/logout"><button id="go">x</button></form>`,
    true,
  ],
  ["an image of the endpoint", (app) => `<img src="${app}${endpoint}${query}">`, false],
  ["an image of the proxy", (app) => `<img src="${app}/api/proxy/api/me">`, false],
  ["a script of the endpoint", (app) => `<script src="${app}${endpoint}${query}"></script>`, false],
  ["a script of the proxy", (app) => `<script src="${app}/api/proxy/api/me"></script>`, false],
  ["a frame of the endpoint", (app) => `<iframe src="${app}${endpoint}${query}"></iframe>`, false],
  ["a frame of the proxy", (app) => `<iframe src="${app}/api/proxy/api/events"></iframe>`, false],
  [
    "a fetch of the endpoint with credentials",
    (app) =>
      `<script>fetch("${app}${endpoint}${query}", { mode: "no-cors", credentials: "include" })</script>`,
    false,
  ],
  [
    "a POST of the endpoint with credentials, as text that is JSON",
    (app) =>
      `<script>fetch("${app}${endpoint}", { method: "POST", mode: "no-cors", credentials: "include", body: '{"name":"planted","value":"1"}' })</script>`,
    false,
  ],
  [
    "a POST of the proxy with credentials",
    (app) =>
      `<script>fetch("${app}/api/proxy/api/echo", { method: "POST", mode: "no-cors", credentials: "include", body: "{}" })</script>`,
    false,
  ],
  [
    "a POST that signs out, without a form",
    (app) =>
      `<script>fetch("${app}/logout", { method: "POST", mode: "no-cors", credentials: "include" })</script>`,
    false,
  ],
  [
    "a fetch that claims x-httponly",
    (app) =>
      `<script>fetch("${app}${endpoint}${query}", { credentials: "include", headers: { "x-httponly": "1" } }).catch(() => {})</script>`,
    false,
  ],
];

for (const from of ["site", "origin"] as const)
  test.describe(from === "site" ? "from another site" : "from another origin of the same site", () => {
    for (const [title, html, navigates] of attacks)
      test(`${title} sets nothing and spends nothing`, async ({ page, world }) => {
        await signin(page, world);
        const before = await page.context().cookies();
        // An answer to the app's own page that comes late is none to the attacker.
        await page.goto("about:blank");
        world.page(html(world.app));

        const answers: { path: string; status: number }[] = [];
        page.on("response", (response) => {
          if (response.url().startsWith(world.app))
            answers.push({ path: new URL(response.url()).pathname, status: response.status() });
        });
        const asked = page.waitForEvent("requestfinished", (request) => request.url().startsWith(world.app));
        const failed = page.waitForEvent("requestfailed", (request) => request.url().startsWith(world.app));
        // One of the two never comes.
        for (const other of [asked, failed]) other.catch(() => {});
        await page.goto(world.attackers[from]);
        if (navigates) await page.click("#go");
        await Promise.race([asked, failed]);
        await page.waitForTimeout(100);

        for (const { status } of answers) expect(status).toBeGreaterThanOrEqual(400);
        expect(await page.context().cookies()).toEqual(before);
        expect(world.reached).toEqual([]);
      });
  });

test.describe("in the app's own origin", () => {
  const places: [title: string, act: (page: Page, path: string) => Promise<void>][] = [
    ["opened in the address bar", async (page, path) => void (await page.goto(path))],
    [
      "opened by a link",
      async (page, path) => {
        await page.evaluate((path) => {
          const link = Object.assign(document.createElement("a"), {
            href: path,
            id: "go",
            textContent: "go",
          });
          document.body.prepend(link);
        }, path);
        await page.click("#go", { noWaitAfter: true });
      },
    ],
    [
      "loaded as an image",
      async (page, path) => {
        const loaded = page.waitForResponse((response) => response.url().includes(path));
        await page.evaluate((path) => {
          new Image().src = path;
        }, path);
        await loaded;
      },
    ],
  ];
  for (const [title, act] of places)
    for (const path of [`${endpoint}${query}`, "/api/proxy/api/me"])
      test(`${path} ${title} sets nothing and spends nothing`, async ({ page, world }) => {
        await signin(page, world);
        const before = await page.context().cookies();
        const statuses: number[] = [];
        page.on("response", (response) => {
          if (response.url().includes(path)) statuses.push(response.status());
        });
        await act(page, path.startsWith("/") && title.includes("address") ? world.app + path : path);
        await expect.poll(() => statuses).toEqual([403]);
        expect(await page.context().cookies()).toEqual(before);
        expect(world.reached).toEqual([]);
      });

  test("and a fetch of the page itself spends the cookie", async ({ page, world }) => {
    await signin(page, world);
    expect(await page.evaluate(async () => (await fetch("/api/proxy/api/me")).status)).toBe(200);
    expect(world.reached).toEqual(["GET /me"]);
  });
});
