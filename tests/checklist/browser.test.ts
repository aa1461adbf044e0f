// Points of the security checklist that a browser decides about: Chromium, the real backend, and an app on two hosts of
// one domain, beside a sibling that is not the app's and another site.
import { createServer } from "node:http";
import type { BrowserContext, Browser as Chromium, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ADA, GRACE } from "../js/support/auth.ts";
import { listen } from "../js/support/serve.ts";
import { emailOf, HOSTS, lastLink, launch, SESSION, world } from "./support.ts";

let chromium: Chromium;
beforeAll(async () => {
  chromium = await launch();
});
afterEach(async () => {
  for (const context of chromium.contexts()) await context.close();
});
afterAll(() => chromium.close());

/** Of the same site as the app, and not the app's. */
const SIBLING = "evil.my.localhost";
/** Of another site. */
const STRANGER = "evil.localhost";

/** Cookies for all of my.localhost. */
const SHARED = { secure: true, domain: "my.localhost" };

type World = Awaited<ReturnType<typeof world>>;

/** A page of the app, or of another host, in a new profile or in one that there is. */
async function open({ at }: World, host: string, profile?: BrowserContext): Promise<Page> {
  const context = profile ?? (await chromium.newContext());
  const page = await context.newPage();
  await page.goto(at(host, "/me"));
  return page;
}

/** What a page's own script gets. */
function ask(page: Page, path: string, body?: unknown): Promise<{ status: number; body: string }> {
  return page.evaluate(
    async ([path, body]) => {
      const init = body && { method: "POST", headers: { "content-type": "application/json" }, body };
      const response = await fetch(path, init || {});
      return { status: response.status, body: await response.text() };
    },
    [path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );
}

async function signin(page: Page, { email, password }: { email: string; password: string } = ADA) {
  expect((await ask(page, "/api/auth/sign-in/email", { email, password })).status).toBe(200);
}

const signout = (page: Page) => ask(page, "/api/auth/sign-out", {});
const who = async (page: Page) => emailOf(await ask(page, "/me"));

async function sessionsIn(page: Page) {
  return (await page.context().cookies()).filter(({ name }) => SESSION.test(name));
}

describe("Chromium", () => {
  test("checklist 1: the session is kept Secure, HttpOnly and Lax, and no script reads it", async () => {
    const page = await open(await world({ secure: true }), HOSTS.app);
    await signin(page);
    expect(await sessionsIn(page)).toMatchObject([
      { domain: HOSTS.app, path: "/", secure: true, httpOnly: true, sameSite: "Lax" },
    ]);
    expect(await page.evaluate(() => document.cookie)).not.toContain("session");
    expect(await who(page)).toBe(ADA.email);
  });

  test("checklist 2: with Domain=my.localhost the app's other host knows the visitor, and no other site does", async () => {
    const world_ = await world(SHARED);
    const page = await open(world_, HOSTS.app);
    await signin(page);
    expect(await sessionsIn(page)).toMatchObject([{ domain: ".my.localhost", secure: true, httpOnly: true }]);
    const api = await open(world_, HOSTS.api, page.context());
    expect(await who(api)).toBe(ADA.email);
    const stranger = await open(world_, STRANGER, page.context());
    expect(await who(stranger)).toBeUndefined();
    // Without a Domain it is the one host's.
    const single = await world({ secure: true });
    const own = await open(single, HOSTS.app);
    await signin(own);
    expect(await who(await open(single, HOSTS.api, own.context()))).toBeUndefined();
  });

  test("checklist 4: a __Host- session arrives, and no sibling can plant one", async () => {
    const name = "__Host-codex-session";
    const lines = [`${name}=real.sig; Path=/; Secure; HttpOnly; SameSite=Lax`];
    const planted = [`${name}=planted.sig; Path=/; Secure; Domain=my.localhost`];
    const server = createServer((request, response) => {
      const sibling = request.headers.host?.startsWith(SIBLING);
      response.setHeader("set-cookie", sibling ? planted : lines);
      response.setHeader("content-type", "text/plain");
      response.end(request.headers.cookie ?? "none");
    });
    const { port } = new URL(await listen(server));
    const page = await (await chromium.newContext()).newPage();
    const visit = async (host: string) => {
      await page.goto(`http://${host}:${port}/`);
      return page.evaluate(() => document.body.textContent);
    };
    await visit(SIBLING);
    expect(await visit(HOSTS.app)).toBe("none");
    await visit(SIBLING);
    expect(await visit(HOSTS.app)).toBe(`${name}=real.sig`);
  });

  test("checklist 6: signing out deletes the cookie of both hosts", async () => {
    const world_ = await world(SHARED);
    const page = await open(world_, HOSTS.app);
    const api = await open(world_, HOSTS.api, page.context());
    await signin(page);
    expect(await who(api)).toBe(ADA.email);
    expect((await signout(api)).status).toBe(200);
    expect(await sessionsIn(page)).toEqual([]);
    expect(await who(page)).toBeUndefined();
  });

  test("checklist 6: a dead cookie is deleted at every scope that it can have", async () => {
    const world_ = await world({ secure: true });
    const context = await chromium.newContext();
    const cookie = { value: "dead.sig", path: "/", httpOnly: true };
    await context.addCookies([
      { ...cookie, name: "codex-session", domain: HOSTS.app },
      { ...cookie, name: "__Secure-codex-session", domain: ".my.localhost", secure: true },
    ]);
    const page = await open(world_, HOSTS.app, context);
    expect(await sessionsIn(page)).toEqual([]);
  });

  test("checklist 11: two tabs: signed out in one, the other is anonymous on its next request", async () => {
    const world_ = await world(SHARED);
    const first = await open(world_, HOSTS.app);
    const second = await open(world_, HOSTS.app, first.context());
    await signin(first);
    expect(await who(second)).toBe(ADA.email);
    const [kept] = await sessionsIn(first);
    await signout(second);
    expect(await who(first)).toBeUndefined();
    await first.reload();
    expect(await first.textContent("body")).not.toContain(ADA.email);
    // Also with the cookie that someone kept.
    if (kept) await first.context().addCookies([kept]);
    expect(await who(first)).toBeUndefined();
  });

  test("checklist 12: a sibling's cookie is not adopted, before the sign-in or beside the real one", async () => {
    const world_ = await world({ secure: true });
    const attacker = await open(world_, HOSTS.app);
    await signin(attacker, GRACE);
    const [stolen] = await sessionsIn(attacker);
    const page = await open(world_, HOSTS.app);
    const sibling = await open(world_, SIBLING, page.context());
    const plant = (path: string) =>
      sibling.evaluate(
        ([line]) => {
          document.cookie = line;
        },
        [`${stolen?.name}=${stolen?.value}; Domain=my.localhost; Secure; Path=${path}`] as const,
      );
    await signin(page);
    expect(await who(page)).toBe(ADA.email);
    // Two of one name: nobody can tell which is the app's, so neither counts.
    await plant("/me");
    expect(await who(page)).not.toBe(GRACE.email);
    await plant("/");
    expect(await who(page)).not.toBe(GRACE.email);
  });

  test("checklist 15: two users at once, each in a profile with two tabs, never see each other", async () => {
    const world_ = await world(SHARED);
    const [ada, grace] = await Promise.all([open(world_, HOSTS.app), open(world_, HOSTS.app)]);
    await Promise.all([signin(ada), signin(grace, GRACE)]);
    const tabs: (readonly [Page, string])[] = [
      [ada, ADA.email],
      [grace, GRACE.email],
      [await open(world_, HOSTS.api, ada.context()), ADA.email],
      [await open(world_, HOSTS.api, grace.context()), GRACE.email],
    ];
    for (let round = 0; round < 3; round++) {
      world_.auth.purge();
      const seen = await Promise.all(
        tabs.map(([tab]) =>
          tab.evaluate(() =>
            Promise.all(Array.from({ length: 10 }, () => fetch("/me").then((answer) => answer.text()))),
          ),
        ),
      );
      for (const [i, bodies] of seen.entries())
        for (const body of bodies) expect(emailOf({ body })).toBe(tabs[i]?.[1]);
    }
    await signout(ada);
    expect(await Promise.all(tabs.map(([tab]) => who(tab)))).toEqual([
      undefined,
      GRACE.email,
      undefined,
      GRACE.email,
    ]);
  });

  test.each([SIBLING, STRANGER])(
    "checklist 16, 18, 19: a page on %s signs nobody out, whatever it sends",
    async (host) => {
      // Lax alone would not keep the sibling out: it is of the same site.
      const world_ = await world(SHARED);
      const page = await open(world_, HOSTS.app);
      await signin(page);
      const evil = await open(world_, host, page.context());
      const target = world_.at(HOSTS.app, "/api/auth/sign-out");
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
        await evil.evaluate(
          async ([url, type]) => {
            const headers = { "content-type": type };
            // Both are sent, and the browser keeps the answers (Cross-Origin-Resource-Policy) from this page.
            const opaque = { method: "POST", mode: "no-cors", credentials: "include" } as const;
            await fetch(url, { ...opaque, headers, body: "a=b" }).catch(() => {});
            await fetch(url, opaque).catch(() => {});
            // With what needs a preflight, nothing is sent at all.
            const json = { "content-type": "application/json", "x-httponly": "1" };
            const sent = fetch(url, { method: "POST", credentials: "include", headers: json, body: "{}" });
            await sent.then(
              () => {
                throw new Error("it was answered");
              },
              () => {},
            );
          },
          [target, type] as const,
        );
      for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
        await evil.goto(world_.at(host, "/me"));
        await evil.evaluate(
          ([action, enctype]) => {
            const form = document.createElement("form");
            Object.assign(form, { action, enctype, method: "post" });
            form.innerHTML = "<input name=a value=b>";
            document.body.append(form);
            form.submit();
          },
          [target, enctype] as const,
        );
        await evil.waitForURL(target);
      }
      const sent = world_.served.filter(({ url }) => url === target);
      const tried = (method: string) => sent.filter((one) => one.method === method);
      expect(tried("POST").map(({ status }) => status)).toEqual(Array(9).fill(403));
      // The preflights.
      expect(new Set(tried("OPTIONS").map(({ status }) => status))).toEqual(new Set([405]));
      expect(await who(page)).toBe(ADA.email);
    },
  );

  test.each([SIBLING, STRANGER])(
    "checklist 17: a page on %s signs nobody in as somebody else",
    async (host) => {
      const world_ = await world(SHARED);
      const page = await open(world_, HOSTS.app);
      await signin(page);
      const evil = await open(world_, host, page.context());
      const target = world_.at(HOSTS.app, "/api/auth/sign-in/email");
      const navigated = evil.waitForResponse((response) => response.url().startsWith(target));
      await evil.evaluate(
        ([action, email, password]) => {
          const form = document.createElement("form");
          Object.assign(form, { action, method: "post" });
          for (const [name, value] of [
            ["email", email],
            ["password", password],
          ])
            form.append(Object.assign(document.createElement("input"), { name, value }));
          document.body.append(form);
          form.submit();
        },
        [target, GRACE.email, GRACE.password] as const,
      );
      expect((await navigated).status()).toBe(403);
      // Nor does following a link.
      const query = new URLSearchParams({ email: GRACE.email, password: GRACE.password });
      await evil.goto(`${target}?${query}`).catch(() => {});
      expect(await who(page)).toBe(ADA.email);
    },
  );

  test.each([SIBLING, STRANGER])(
    "checklist 17: a magic link that a page on %s opens asks first, and cannot be used for the visitor",
    async (host) => {
      const world_ = await world(SHARED);
      const page = await open(world_, HOSTS.app);
      await signin(page);
      // The attacker's own link: whoever used it would be signed in as the attacker.
      await ask(page, "/api/auth/sign-in/magic-link", { email: GRACE.email, callbackURL: "/me" });
      const link = world_.at(HOSTS.app, lastLink(world_.backend));
      const evil = await open(world_, host, page.context());
      await evil.evaluate((link) => {
        const form = document.createElement("form");
        Object.assign(form, { action: link.split("?")[0], method: "post" });
        for (const [name, value] of new URL(link).searchParams)
          form.append(Object.assign(document.createElement("input"), { name, value }));
        document.body.append(form);
        form.submit();
      }, link);
      await evil.waitForURL(link.split("?")[0] ?? "");
      expect(world_.served.at(-1)?.status).toBe(403);
      // It cannot be laid under something to click on.
      await evil.goto(world_.at(host, "/me"));
      await evil.evaluate(
        (link) =>
          new Promise((done) => {
            const frame = Object.assign(document.createElement("iframe"), { src: link, onload: done });
            document.body.append(frame);
          }),
        link,
      );
      expect(await evil.frames()[1]?.locator("form").count()).toBe(0);
      // Opened by a link, it asks, and nobody is anybody else until the visitor says so.
      await evil.evaluate((link) => location.assign(link), link);
      const button = evil.getByRole("button");
      await button.waitFor();
      expect(await who(page)).toBe(ADA.email);
      await button.click();
      await evil.waitForURL(world_.at(HOSTS.app, "/me"));
      expect(await who(page)).toBe(GRACE.email);
    },
  );

  test.each([SIBLING, STRANGER])(
    "checklist 20, 22: a page on %s reads nothing, and loads nothing as an image, a script or a frame",
    async (host) => {
      const world_ = await world(SHARED);
      const page = await open(world_, HOSTS.app);
      await signin(page);
      const evil = await open(world_, host, page.context());
      const target = world_.at(HOSTS.app, "/api/auth/get-session");
      const read = await evil.evaluate(async (url) => {
        const cors = await fetch(`${url}?1`, { credentials: "include" }).then(
          (answer) => answer.text(),
          () => "refused",
        );
        await fetch(`${url}?2`, { credentials: "include", mode: "no-cors" }).catch(() => {});
        const loaded = (name: string, source: string, at: number) =>
          new Promise((done) => {
            const element = document.createElement(name);
            element.onload = element.onerror = done;
            element.setAttribute(source, `${url}?${at}`);
            document.body.append(element);
          });
        await Promise.all([loaded("img", "src", 3), loaded("script", "src", 4), loaded("iframe", "src", 5)]);
        return cors;
      }, target);
      expect(read).toBe("refused");
      const asked = world_.served.filter(({ url }) => url.startsWith(target));
      expect(asked.map(({ url, status }) => `${url.slice(-2)} ${status}`).sort()).toEqual(
        [1, 2, 3, 4, 5].map((at) => `?${at} 403`),
      );
      // Navigating there is answered, as a document that nothing embeds or scripts.
      const answer = await evil.goto(target);
      expect([answer?.status(), answer?.headers()["content-security-policy"]]).toEqual([200, "sandbox"]);
    },
  );
});
