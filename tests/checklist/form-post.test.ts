// A provider that answers by form: in Chromium, which cookies come along and what another site can make of it; and in
// both frameworks' built servers.
import { createServer } from "node:http";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { CLIENT, createProvider, PEOPLE } from "../../examples/auth-backend/provider.js";
import { freePort, serve } from "../attack/server.ts";
import { appFor, backend } from "../js/support/auth.ts";
import { type Answer, codeOf, send } from "../js/support/send.ts";
import { listen } from "../js/support/serve.ts";
import { APPS } from "./apps.ts";
import { emailOf, HOSTS, launch } from "./support.ts";

const CALLBACK = "/api/auth/callback/example-id";
const [LINUS] = PEOPLE as [(typeof PEOPLE)[number]];

let chromium: Chromium;
beforeAll(async () => {
  chromium = await launch();
});
afterEach(async () => {
  for (const context of chromium.contexts()) await context.close();
});
afterAll(() => chromium.close());

/** The app on a host of its own; the provider, which answers by form, is another site. */
async function start(): Promise<string> {
  let app = "";
  await appFor(async (origin) => {
    app = origin.replace("127.0.0.1", HOSTS.app);
    const provider = await createProvider({ redirectUris: [app + CALLBACK] });
    onTestFinished(() => provider.close());
    const settings = { issuer: provider.url, ...CLIENT, responseMode: "form_post" as const };
    return backend({ origins: [app], provider: settings });
  });
  return app;
}

/** Begins to sign in, in a new profile; the provider's page. */
async function begin(app: string): Promise<Page> {
  const page = await (await chromium.newContext()).newPage();
  await page.goto(`${app}/me`);
  const url = await page.evaluate(async () => {
    const body = JSON.stringify({ provider: "example-id", callbackURL: "/me", errorCallbackURL: "/me" });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    return ((await (await fetch("/api/auth/sign-in/social", init)).json()) as { url: string }).url;
  });
  await page.goto(url);
  return page;
}

async function enter(page: Page) {
  await page.getByLabel("E-mail").fill(LINUS.email);
  await page.getByLabel("Password").fill(LINUS.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Who is signed in, as far as the app knows this browser. */
async function who(page: Page, app: string) {
  await page.goto(`${app}/me`);
  return emailOf({ body: await page.evaluate(async () => (await fetch("/me")).text()) });
}

test("the form of a provider's page signs in: the cookies come with the GET that it leads to", async () => {
  const app = await start();
  const page = await begin(app);
  const posted: (string | undefined)[] = [];
  const got: (string | undefined)[] = [];
  page.on("request", async (request) => {
    if (!request.url().startsWith(app + CALLBACK)) return;
    const { cookie, origin } = await request.allHeaders();
    if (request.method() === "POST") {
      expect(origin).not.toBe(app);
      posted.push(cookie);
    } else got.push(cookie);
  });
  await enter(page);
  await page.waitForURL(`${app}/me`);
  expect(await who(page, app)).toBe(LINUS.email);
  expect(posted).toEqual([undefined]);
  expect(got).toEqual([expect.stringContaining("codex.state=")]);
});

test("another site that sends the form of its own sign-in signs nobody in, in a window or in a frame", async () => {
  const app = await start();
  // The attacker stops before the form is sent, and keeps it.
  const attacker = await begin(app);
  let form = "";
  await attacker.route(`${app}${CALLBACK}`, (route) => {
    form = route.request().postData() ?? "";
    return route.abort();
  });
  await enter(attacker);
  await expect.poll(() => form).toContain("code=");

  const inputs = [...new URLSearchParams(form)].map(
    ([name, value]) => `<input name="${name}" value="${value}">`,
  );
  const evil = await listen(
    createServer((request, response) => {
      const target = request.url === "/frame" ? ' target="frame"' : "";
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><iframe name="frame"></iframe>
        <form method="post" action="${app}${CALLBACK}"${target}>${inputs.join("")}</form>
        <script>document.forms[0].submit()</script>`);
    }),
  );
  const victim = await (await chromium.newContext()).newPage();
  const statuses: [string, number][] = [];
  victim.on("response", (response) => {
    if (response.url().startsWith(app + CALLBACK))
      statuses.push([response.request().method(), response.status()]);
  });
  await victim.goto(`${evil.replace("127.0.0.1", "evil.localhost")}/frame`);
  await expect.poll(() => statuses).toEqual([["POST", 403]]);
  expect(await who(victim, app)).toBeUndefined();

  statuses.length = 0;
  await victim.goto(evil.replace("127.0.0.1", "evil.localhost"));
  await expect
    .poll(() => statuses)
    .toEqual([
      ["POST", 303],
      ["GET", 302],
    ]);
  await victim.waitForURL(/error=/);
  expect(await who(victim, app)).toBeUndefined();
  expect((await victim.context().cookies()).map(({ name }) => name)).not.toContain("codex-session");
});

describe("in a built server, Apple's form", () => {
  const APPLE = "https://appleid.apple.com";

  /** What a framework's server makes of a form from another site. */
  async function setup(framework: keyof typeof APPS) {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const app = APPS[framework];
    const running = await serve(app, port, app.ready, { BACKEND: "http://127.0.0.1:1", ORIGIN: origin });
    onTestFinished(running.close);
    return (from: string, path = "/api/auth/callback/apple"): Promise<Answer> =>
      send(origin, path, {
        method: "POST",
        headers: {
          origin: from,
          "sec-fetch-site": "cross-site",
          "sec-fetch-mode": "navigate",
          "sec-fetch-dest": "document",
          "content-type": "application/x-www-form-urlencoded",
        },
        body: "code=c&state=s",
      });
  }
  const led = ({ status, headers }: Answer) => [status, headers.location];
  const LED = [303, "/api/auth/callback/apple?code=c&state=s"];

  test("arrives in SvelteKit if csrf.trustedOrigins names Apple, and no other site's does", async () => {
    const post = await setup("sveltekit");
    expect(led(await post(APPLE))).toEqual(LED);
    for (const from of ["https://evil.example", "null"])
      expect(led(await post(from))).toEqual([403, undefined]);
    // What SvelteKit lets through is still no request of the own origin.
    const answer = await post(APPLE, "/api/auth/sign-out");
    expect([answer.status, codeOf(answer)]).toEqual([403, "cross-origin"]);
  });

  test("arrives in Next.js as it is", async () => {
    const post = await setup("next");
    expect(led(await post(APPLE))).toEqual(LED);
    expect(codeOf(await post(APPLE, "/api/auth/sign-out"))).toBe("cross-origin");
  });
});
