import { type BrowserContext, request } from "@playwright/test";
import { PEOPLE } from "../../examples/auth-backend/provider.js";
import {
  ADA,
  elsewhere,
  expect,
  GRACE,
  SESSION,
  sessionCookie,
  signedInAs,
  signInQuietly,
  signin,
  somebody,
  test,
} from "./accounts.ts";

const press = { exact: true } as const;

for (const javaScriptEnabled of [true, false])
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("one signs up, and the link of the mail verifies the address", async ({ page, world }) => {
      const one = somebody();
      await page.goto("/register?redirect=%2Faccount");
      await page.getByLabel("Name").fill(one.name);
      await page.getByLabel("E-mail").fill(ADA.email);
      await page.getByLabel("Password").fill(one.password);
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.getByRole("alert")).toContainText("There is an account with this e-mail address");
      await expect(page.getByLabel("Name")).toHaveValue(one.name);

      await page.getByLabel("E-mail").fill(one.email);
      await page.getByLabel("Password").fill(one.password);
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page).toHaveURL(/\/verify\?email=/);
      await page.getByRole("button", { name: "Send it again" }).click();
      await expect(page.getByRole("status")).toHaveText("Another mail is on its way.");

      await page.goto(world.mail(one.email, "verify-email").link);
      await expect(page).toHaveURL("/account");
      await expect(page.getByText("verified", press)).toBeVisible();
      await page.goto("/verify");
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Your e-mail is verified");
    });

    test("one signs in where the password is right, and goes where one wanted to go", async ({
      page,
      context,
      person,
    }) => {
      await page.goto("/account?tab=devices");
      await expect(page).toHaveURL("/login?redirect=/account%3Ftab%3Ddevices");
      await signin(page, { ...person, password: "not-the-password" });
      await expect(page.getByRole("alert")).toHaveText("The e-mail address or the password is wrong.");
      await expect(page.getByLabel("E-mail", press)).toHaveValue(person.email);
      expect(await page.content()).not.toContain("not-the-password");

      // The address is not verified yet, which this backend does not mind.
      await signin(page, person);
      await expect(page).toHaveURL("/account?tab=devices");
      await signedInAs(page, person.name);
      const cookie = await sessionCookie(context);
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/", domain: "localhost" });
      expect(cookie?.expires).toBeGreaterThan(Date.now() / 1000 + 80_000);
    });

    test("without “Remember me” the session ends with the browser", async ({ page, context }) => {
      await page.goto("/login");
      await page.getByLabel("Remember me").uncheck();
      await signin(page, ADA);
      await expect(page).toHaveURL("/library");
      expect((await sessionCookie(context))?.expires).toBe(-1);
    });

    test("a link from a mail signs in when it is pressed on its page, once, and not when it is looked at", async ({
      page,
      context,
      world,
      person,
    }) => {
      await page.goto("/login?redirect=%2Faccount");
      await page.getByLabel("E-mail for the link").fill(person.email);
      await page.getByRole("button", { name: "Send me a link" }).click();
      await expect(page.getByRole("status")).toContainText("Look into your mail");

      const { link } = world.mail(person.email, "magic-link");
      // What a mail scanner does.
      for (const method of ["get", "head"] as const)
        expect((await context.request[method](link)).ok()).toBe(true);
      expect(await sessionCookie(context)).toBeUndefined();
      await page.goto(link);
      await expect(page).toHaveURL(/\/magic-link\?token=/);
      await page.getByRole("button", { name: "Sign me in" }).click();
      await expect(page).toHaveURL("/account");
      await signedInAs(page, person.name);

      await context.clearCookies();
      await page.goto(link);
      await page.getByRole("button", { name: "Sign me in" }).click();
      await expect(page.getByRole("alert")).toContainText("The link is used up or too old");
      expect(await sessionCookie(context)).toBeUndefined();
    });

    test("one signs in at a provider and comes back, or cancels there and is told", async ({
      page,
      context,
      world,
    }) => {
      await page.goto("/login?redirect=%2Faccount%3Ffrom%3Dprovider");
      await page.getByRole("button", { name: "Continue with Example ID" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Example ID");
      expect(new URL(page.url()).origin).not.toBe(world.origin);
      await page.getByRole("button", { name: "Cancel" }).click();
      await expect(page).toHaveURL(/\/login\?.*error=/);
      await expect(page.getByRole("alert")).toContainText("That did not work");
      expect(await sessionCookie(context)).toBeUndefined();

      await page.getByRole("button", { name: "Continue with Example ID" }).click();
      await expect(page.getByRole("heading", { level: 1 })).toHaveText("Example ID");
      const [linus] = PEOPLE as [(typeof PEOPLE)[number]];
      await page.getByLabel("E-mail").fill(linus.email);
      await page.getByLabel("Password").fill(linus.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page).toHaveURL("/account?from=provider");
      await signedInAs(page, linus.name);
      expect((await sessionCookie(context))?.httpOnly).toBe(true);
      // What the way there and back needed is gone.
      expect((await context.cookies(world.origin)).map(({ name }) => name)).not.toContain("codex.state");
    });

    test("a new password ends all sessions and leads to /login, with a word about it", async ({
      page,
      browser,
      world,
      person,
    }) => {
      const old = await elsewhere(browser, world, person);
      const status = async () => (await old.request.get("/library")).status();
      expect(await status()).toBe(200);
      await page.goto("/forgot");
      await page.getByLabel("E-mail").fill("nobody@example.com");
      await page.getByRole("button", { name: "Send the link" }).click();
      const said = await page.getByRole("status").textContent();
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByRole("button", { name: "Send the link" }).click();
      await expect.poll(() => world.backend.outbox.some(({ to }) => to === person.email)).toBe(true);
      await expect(page.getByRole("status")).toHaveText(said ?? "");

      const { link } = world.mail(person.email, "reset-password");
      await page.goto(link);
      await page.getByRole("textbox", { name: "New password" }).fill("another-password");
      await page.getByLabel("The same again").fill("a-different-one");
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
      await page.getByRole("textbox", { name: "New password" }).fill("another-password");
      await page.getByLabel("The same again").fill("another-password");
      await page.getByRole("button", { name: "Change password" }).click();
      await expect(page).toHaveURL("/login?notice=password-reset");
      await expect(page.getByRole("status")).toContainText("Your password is changed");
      expect(await status()).toBe(401);
      await old.close();

      await signin(page, person);
      await expect(page.getByRole("alert")).toBeVisible();
      await signin(page, { ...person, password: "another-password" });
      await signedInAs(page, person.name);
      await page.goto(link);
      await expect(page.getByRole("alert")).toHaveText("This link has been used, or is too old.");
    });

    test("one ends a session elsewhere, the others, this one, and all", async ({
      page,
      context,
      browser,
      world,
      person,
    }) => {
      const others: BrowserContext[] = [];
      for (let i = 0; i < 3; i++) others.push(await elsewhere(browser, world, person));
      const alive = async () =>
        (await Promise.all(others.map((one) => one.request.get("/library")))).map((answer) => answer.ok());
      expect(await alive()).toEqual([true, true, true]);
      await signInQuietly(context, world, person);
      await page.goto("/account");
      const devices = page.getByTestId("device");
      await expect(page.getByTestId("this-device")).toHaveCount(1);
      // The session of the sign-up is one of them.
      await expect(devices).toHaveCount(4);
      await devices.first().getByRole("button").click();
      await expect(page.getByRole("status")).toHaveText("That device is signed out.");
      await expect(devices).toHaveCount(3);
      // The newest stands first.
      expect(await alive()).toEqual([true, true, false]);
      await page.getByRole("button", { name: "Sign out all others" }).click();
      await expect(page.getByRole("status")).toHaveText("All other devices are signed out.");
      await expect(devices).toHaveCount(0);
      expect(await alive()).toEqual([false, false, false]);

      const last = await elsewhere(browser, world, person);
      others.splice(0, 3, last);
      await page.getByRole("button", { name: "Sign out here" }).click();
      await expect(page).toHaveURL("/");
      await expect(page.getByRole("link", { name: "Sign in" })).toBeVisible();
      expect(await sessionCookie(context)).toBeUndefined();
      expect(await alive()).toEqual([true]);

      await signInQuietly(context, world, person);
      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out everywhere" }).click();
      await expect(page).toHaveURL("/");
      expect(await sessionCookie(context)).toBeUndefined();
      expect(await alive()).toEqual([false]);
      await last.close();
    });
  });

test("the menu of the header signs out, and another tab learns of it", async ({
  page,
  context,
  world,
  person,
}) => {
  await signInQuietly(context, world, person);
  await page.goto("/library");
  const other = await context.newPage();
  await other.goto("/");
  await signedInAs(other, person.name);
  await page.getByTestId("user-menu").locator("summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page).toHaveURL("/");
  for (const tab of [page, other])
    await expect(tab.getByRole("link", { name: "Sign in", exact: true })).toBeVisible();
});

test("signing in leads nowhere else, whatever ?redirect= says", async ({ page, context, world }) => {
  const elsewhere = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "javascript:alert(1)",
  ];
  await page.goto(`/login?${new URLSearchParams({ redirect: elsewhere[1] ?? "" })}`);
  await signin(page, ADA);
  await expect(page).toHaveURL("/library");
  for (const redirect of elsewhere) {
    const headers = { origin: world.origin, accept: "text/html" };
    const { email, password } = ADA;
    // One who is signed in leaves /login the same way.
    const search = new URLSearchParams({ redirect });
    const led = await context.request.get(`/login?${search}`, { headers, maxRedirects: 0 });
    expect([led.status(), led.headers().location]).toEqual([303, "/library"]);
    for (const [query, form] of [
      [`&${search}`, { email, password }],
      ["", { email, password, redirect }],
    ] as const) {
      const anonymous = await request.newContext({ baseURL: world.origin });
      const answer = await anonymous.post(`/login?/signin${query}`, { headers, form, maxRedirects: 0 });
      expect([answer.status(), answer.headers().location]).toEqual([303, "/library"]);
      await anonymous.dispose();
    }
  }
});

test("one who is signed in leaves /login and /register, for where one wanted to go", async ({
  page,
  context,
  world,
}) => {
  await signInQuietly(context, world, ADA);
  await page.goto("/login?redirect=%2Faccount");
  await expect(page).toHaveURL("/account");
  await page.goto("/register");
  await expect(page).toHaveURL("/library");
});

test("the studio is for creators: page, data, action and file refuse a customer with 403", async ({
  page,
  context,
  world,
}) => {
  await signInQuietly(context, world, ADA);
  expect((await page.goto("/studio"))?.status()).toBe(403);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This is not for your account");
  const ask = (path: string, options = {}) =>
    context.request.fetch(path, { headers: { origin: world.origin }, ...options });
  const data = await ask("/studio/__data.json");
  const file = await ask("/studio/export");
  const action = await ask("/studio?/publish", { method: "POST", form: { id: "1" } });
  for (const answer of [data, file, action]) {
    expect(answer.status()).toBe(403);
    expect(await answer.text()).not.toContain("moth");
  }

  await context.clearCookies();
  await signInQuietly(context, world, GRACE);
  await page.goto("/library");
  await page.getByRole("link", { name: "Studio" }).click();
  await expect(page.getByRole("listitem").first()).toContainText("Only the studio sees it");
  await page.getByRole("button", { name: "Publish Debugging, with a moth" }).click();
  await expect(page.getByRole("listitem").first()).toContainText("published");
  expect(await (await ask("/studio/export")).text()).toContain('"Debugging, with a moth",true');
});

test("a page in the browser, whose session has ended elsewhere, asks and is led to /login", async ({
  page,
  context,
  browser,
  world,
  person,
}) => {
  const other = await elsewhere(browser, world, person);
  await signInQuietly(context, world, person);
  await page.goto("/account");
  const { origin } = world;
  const ended = await other.request.post("/api/auth/revoke-other-sessions", {
    headers: { origin },
    data: {},
  });
  expect(ended.status()).toBe(200);
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page).toHaveURL("/login?redirect=/library");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  // A data request may be answered late, and clears nothing: the next page does.
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  expect(await sessionCookie(context)).toBeUndefined();
  await other.close();
});

test("a stale cookie makes no loop: one redirect, and it is cleared", async ({ page, context, world }) => {
  await context.addCookies([{ name: SESSION, value: "dead.beef", url: world.origin, httpOnly: true }]);
  const answer = await page.goto("/library");
  expect(answer?.status()).toBe(200);
  await expect(page).toHaveURL("/login?redirect=/library");
  expect(answer?.request().redirectedFrom()?.redirectedFrom()).toBeNull();
  expect(await sessionCookie(context)).toBeUndefined();
});

test("while the backend is away, guarded pages say 503, nobody is signed out, and all comes back by itself", async ({
  page,
  context,
  world,
  person,
}) => {
  await signInQuietly(context, world, person);
  const before = await sessionCookie(context);
  await world.away();
  try {
    const answer = await page.goto("/library");
    expect(answer?.status()).toBe(503);
    expect(answer?.headers()["retry-after"]).toMatch(/^\d+$/);
    await expect(page).toHaveURL("/library");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("not possible right now");
    const data = await context.request.get("/library/__data.json");
    expect(data.status()).toBe(503);
    expect((await page.goto("/"))?.status()).toBe(200);
    await page.goto("/login");
    await signin(page, person);
    await expect(page.getByRole("alert")).toContainText("does not answer");
    expect(await sessionCookie(context)).toEqual(before);
  } finally {
    await world.back();
  }
  await page.goto("/library");
  await signedInAs(page, person.name);
});

test.describe("leaks", () => {
  // What shows now and then is a leak, too.
  test.describe.configure({ retries: 0 });

  test("no page, no data and no header holds the session's token, along all flows", async ({
    page,
    context,
    world,
    person,
  }) => {
    world.wire();
    const tokens = new Set<string>();
    const note = async () => {
      const value = (await sessionCookie(context))?.value;
      if (value) tokens.add(decodeURIComponent(value).split(".")[0] ?? "");
    };
    await page.goto("/login");
    await signin(page, person);
    await expect(page).toHaveURL("/library");
    await note();
    await page.getByRole("link", { name: "Cookies" }).click();
    await page.goto("/account");
    await page.getByTestId("device").getByRole("button").click();
    await expect(page.getByRole("status")).toBeVisible();
    await page.reload();
    for (const path of ["get-session", "list-sessions"])
      await page.evaluate((path) => fetch(`/api/auth/${path}`).then((answer) => answer.text()), path);
    await page.getByRole("button", { name: "Sign out here" }).click();
    await expect(page).toHaveURL("/");
    await page.goto("/login");
    await page.getByLabel("E-mail for the link").fill(person.email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    await expect(page.getByRole("status")).toBeVisible();
    await page.goto(world.mail(person.email, "magic-link").link);
    await page.getByRole("button", { name: "Sign me in" }).click();
    await expect(page).toHaveURL("/library");
    await note();
    expect(await page.evaluate(() => document.cookie)).not.toContain(SESSION);

    expect(tokens.size).toBe(2);
    const { text, cookies } = world.wire();
    for (const part of [person.email, "this one", "__data.json", '"type":"redirect"', "userAgent"])
      expect(text.includes(part), part).toBe(true);
    // The sessions of the others who were on the list, too.
    for (const { token } of world.backend.tables.session)
      expect(text.includes(String(token)), "the token of another session was sent").toBe(false);
    for (const token of tokens) {
      expect(token.length).toBeGreaterThan(20);
      expect(cookies.includes(token)).toBe(true);
      expect(text.includes(token), "the token stands elsewhere than in a cookie").toBe(false);
    }
  });
});
