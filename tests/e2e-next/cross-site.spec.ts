import { expect, signin, test } from "./world.ts";

// A leak that shows now and then is a leak.
test.describe.configure({ retries: 0 });

const send = (app: string, init: string) =>
  `<script>fetch("${app}/api/chatkit", { method: "POST", credentials: "include", ${init} }).catch(() => {})</script>`;
const BODY = `body: '{"message":"spend"}'`;

const attacks: [title: string, html: (app: string) => string, navigates: boolean][] = [
  [
    "a form",
    (app) =>
      `<form method="post" action="${app}/api/chatkit"><input name="message" value="spend"><button id="go">x</button></form>`,
    true,
  ],
  [
    "a text/plain form that looks like JSON",
    (app) =>
      `<form method="post" enctype="text/plain" action="${app}/api/chatkit"><input name='{"message":"spend","x":"' value='"}'><button id="go">x</button></form>`,
    true,
  ],
  ["a fetch without CORS", (app) => send(app, `mode: "no-cors", ${BODY}`), false],
  [
    "a fetch with JSON, which asks for permission first",
    (app) => send(app, `headers: { "content-type": "application/json" }, ${BODY}`),
    false,
  ],
  [
    "a fetch that claims x-httponly",
    (app) => send(app, `headers: { "x-httponly": "1", "content-type": "application/json" }, ${BODY}`),
    false,
  ],
  ["an image", (app) => `<img src="${app}/api/chatkit">`, false],
  ["a script", (app) => `<script src="${app}/api/chatkit"></script>`, false],
  ["a frame", (app) => `<iframe src="${app}/api/chatkit"></iframe>`, false],
  [
    "an image of the cookie endpoint",
    (app) => `<img src="${app}/.nordcraft/cookies/set-cookie?name=planted&value=1">`,
    false,
  ],
];

for (const from of ["site", "origin"] as const)
  test.describe(from === "site" ? "from another site" : "from another origin of the same site", () => {
    for (const [title, html, navigates] of attacks)
      test(`${title} spends nothing and sets nothing`, async ({ page, world }) => {
        await signin(page, world);
        const before = await page.context().cookies();
        // An answer to the app's own page that comes late is none to the attacker.
        await page.goto("about:blank");
        world.received.length = 0;
        world.attack(html(world.app));
        const statuses: number[] = [];
        page.on("response", (response) => {
          if (response.url().startsWith(world.app)) statuses.push(response.status());
        });
        const done = Promise.race(
          (["requestfinished", "requestfailed"] as const).map((name) =>
            page.waitForEvent(name as "requestfinished", {
              predicate: (request) => request.url().startsWith(world.app),
              timeout: 10_000,
            }),
          ),
        );
        await page.goto(world.attackers[from]);
        if (navigates) await page.click("#go");
        await done;
        await page.waitForTimeout(100);
        for (const status of statuses) expect(status).toBeGreaterThanOrEqual(204);
        expect(statuses.filter((status) => status === 200)).toEqual([]);
        expect(world.received).toEqual([]);
        expect(await page.context().cookies()).toEqual(before);
      });

    test("a form that posts the sign-out action signs nobody out", async ({ page, world }) => {
      await signin(page, world);
      // What the action is called is no secret: it stands in the page without JavaScript.
      const html = await (await page.request.get(world.app)).text();
      const form = /<form[^>]*class="signed-in"[^>]*>(.*?)<\/form>/s.exec(html)?.[1] ?? "";
      const field = /<input[^>]*name="(\$ACTION[^"]*)"/.exec(form)?.[1];
      expect(field).toBeDefined();
      world.attack(
        `<form method="post" enctype="multipart/form-data" action="${world.app}/"><input name="${field}"><button id="go">x</button></form>`,
      );
      await page.goto(world.attackers[from]);
      await page.click("#go");
      await page.waitForLoadState();
      expect((await page.context().cookies()).map(({ name }) => name)).toContain("taskflow_id_token");
      await page.goto(world.app);
      await expect(page.getByTestId("signed-in")).toBeVisible();
    });
  });
