/** Links by mail: opening one uses nothing up, its button does, once. */
import { createAuth, magicLink, type Store } from "httponly/server";
import { describe, expect, it, vi } from "vitest";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

interface Mail {
  email: string;
  url: string;
}

function app(more: Record<string, unknown> = {}, maxAge?: number) {
  const outbox: Mail[] = [];
  const auth = createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [magicLink({ send: async ({ email, url }) => void outbox.push({ email, url }), maxAge })],
    profileToUser: (profile) => ({ id: profile.email, profile }),
    ...(more as object),
  });
  return { auth, outbox };
}

async function mailed(browser: Browser, outbox: Mail[], email = "ada@example.com", more = {}): Promise<URL> {
  const got = await browser.post("/sign-in/magic-link", {
    email,
    callbackURL: "/library",
    errorCallbackURL: "/login?b=1",
    ...more,
  });
  expect(got.status).toBe(200);
  return new URL(outbox.at(-1)?.url ?? "");
}

describe("a link", () => {
  it("R25 is used by POST alone, in any browser", async () => {
    const { auth, outbox } = app();
    const link = await mailed(new Browser(auth), outbox);
    expect(link.href).toMatch(/^https:\/\/app\.example\/api\/auth\/magic-link\/verify\?token=/);
    for (let i = 0; i < 3; i++) {
      const scanner = new Browser(auth);
      const page = await scanner.visit(link.href);
      expect([page.status, page.lines]).toEqual([200, []]);
      expect(page.text).toMatch(/<form method="post" action="\/api\/auth\/magic-link\/verify">/);
      expect((await scanner.send(link.href, { method: "HEAD" })).text).toBe("");
    }
    const phone = new Browser(auth);
    const got = await phone.form("/magic-link/verify", { token: link.searchParams.get("token") ?? "" });
    expect([got.status, got.location]).toEqual([303, "/library"]);
    expect((await phone.peek()).user).toEqual({
      id: "ada@example.com",
      profile: { email: "ada@example.com", emailVerified: true, provider: "magic-link" },
    });
  });

  it("that was used is INVALID_TOKEN, at the page that was asked for, with a way on", async () => {
    const { auth, outbox } = app();
    const browser = new Browser(auth);
    const token = (await mailed(browser, outbox)).searchParams.get("token") ?? "";
    expect((await browser.post("/magic-link/verify", { token })).body).toMatchObject({
      user: { id: "ada@example.com" },
      url: "/library",
    });
    const again = await new Browser(auth).form("/magic-link/verify", { token });
    expect(failureOf(again)).toEqual({
      status: 303,
      page: "/login",
      error: "signin-failed",
      reason: "INVALID_TOKEN",
    });
    expect(again.location).toMatch(/^\/login\?b=1&/);
    const program = await new Browser(auth).post("/magic-link/verify", { token });
    expect([program.status, program.body?.error?.reason]).toEqual([401, "INVALID_TOKEN"]);
  });

  it("that is used twice at once signs in once", async () => {
    const { auth, outbox } = app();
    const token = (await mailed(new Browser(auth), outbox)).searchParams.get("token") ?? "";
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => new Browser(auth).post("/magic-link/verify", { token })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
  });

  it("is used once across instances that have a store", async () => {
    const used = new Map<string, string>();
    const store: Store = {
      get: async (key) => used.get(key) ?? null,
      set: async (key, value) => void used.set(key, value),
      add: async (key, value) => !used.has(key) && used.set(key, value) !== undefined,
      delete: async (...keys) => keys.forEach((key) => void used.delete(key)),
    };
    const [one, two] = [app({ store }), app({ store })];
    const token = (await mailed(new Browser(one.auth), one.outbox)).searchParams.get("token") ?? "";
    expect((await new Browser(two.auth).post("/magic-link/verify", { token })).status).toBe(200);
    expect((await new Browser(one.auth).post("/magic-link/verify", { token })).status).toBe(401);
  });

  it("is over when its time is, and not usable when changed", async () => {
    const { auth, outbox } = app({}, 60);
    const token = (await mailed(new Browser(auth), outbox)).searchParams.get("token") ?? "";
    for (const wrong of [token.slice(0, -1), `${token}A`, "x", "a.b.c.d.e"])
      expect((await new Browser(auth).post("/magic-link/verify", { token: wrong })).body?.error?.reason).toBe(
        "INVALID_TOKEN",
      );
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    try {
      expect((await new Browser(auth).post("/magic-link/verify", { token })).body?.error?.reason).toBe(
        "EXPIRED_TOKEN",
      );
    } finally {
      vi.useRealTimers();
    }
    const session = app();
    const other = new Browser(session.auth);
    await other.post("/magic-link/verify", {
      token: (await mailed(other, session.outbox)).searchParams.get("token") ?? "",
    });
    expect((await other.post("/magic-link/verify", { token: other.jar.get("__Host-session") })).status).toBe(
      401,
    );
  });

  it("leads into the declared origin, whatever a request says", async () => {
    const { auth, outbox } = app();
    const browser = new Browser(auth, "https://evil.example");
    await browser.post(
      "/sign-in/magic-link",
      { email: "ada@example.com", callbackURL: "https://evil.example/x" },
      { origin: ORIGIN, host: "evil.example", "x-forwarded-host": "evil.example" },
    );
    expect(new URL(outbox[0]?.url ?? "").origin).toBe(ORIGIN);
    expect(outbox[0]?.url).not.toContain("evil");
  });

  it("is kept usable where the app fails, and not told of", async () => {
    let fails = true;
    const { auth, outbox } = app({
      profileToUser: ({ email }: { email: string }) => {
        if (fails) throw new Error("the database is away");
        return { id: email };
      },
    });
    const token = (await mailed(new Browser(auth), outbox)).searchParams.get("token") ?? "";
    const got = await new Browser(auth).form("/magic-link/verify", { token });
    expect(failureOf(got)).toMatchObject({ error: "unavailable", reason: "APP_ERROR" });
    fails = false;
    expect((await new Browser(auth).post("/magic-link/verify", { token })).status).toBe(200);
  });
});

describe("an address", () => {
  it("is normalised before anybody looks at it, and is the one that was mailed", async () => {
    const { auth, outbox } = app();
    const browser = new Browser(auth);
    for (const [entered, email] of [
      [" Ada@EXAMPLE.com ", "Ada@example.com"],
      ["ａｄａ＠ｅｘａｍｐｌｅ.com", "ada@example.com"],
      ["ada@example。com", null],
      ["ada@example．com", "ada@example.com"],
    ] as const) {
      const got = await browser.post("/sign-in/magic-link", { email: entered });
      expect([entered, got.status]).toEqual([entered, email === null ? 400 : 200]);
      if (email !== null) expect(outbox.at(-1)?.email).toBe(email);
    }
  });

  it("that is two, or none, gets no mail", async () => {
    const { auth, outbox } = app();
    for (const email of [
      "ada",
      "ada@example.com,eve@evil.example",
      "ada@example.com＠evil.example",
      "ada@example.com\r\nBcc: eve@evil.example",
      "<a@b.example>",
      "",
      7,
      null,
    ]) {
      const got = await new Browser(auth).post("/sign-in/magic-link", { email });
      expect([email, got.status, got.body?.error?.code, got.body?.error?.field]).toEqual([
        email,
        400,
        "field-invalid",
        "email",
      ]);
    }
    expect(outbox).toEqual([]);
  });

  it("whose mail cannot be sent is unavailable", async () => {
    const auth = createAuth({
      secret: SECRET,
      origin: ORIGIN,
      providers: [magicLink({ send: () => Promise.reject(new Error("smtp://secret")) })],
      profileToUser: ({ email }) => ({ id: email }),
    });
    const got = await new Browser(auth).post("/sign-in/magic-link", { email: "ada@example.com" });
    expect([got.status, got.body?.error?.code, got.text.includes("smtp")]).toEqual([
      503,
      "unavailable",
      false,
    ]);
  });
});
