/** Own sign-in by a form, and the session in its cookie. */
import { createAuth, credentials } from "httponly/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

const FORM = credentials<{ email: string; password: string }>({
  async getProfile({ email, password }) {
    if (password === "broken") throw new Error("the database at 10.0.0.7 is away");
    return password === "correct horse" ? { id: `user of ${email}`, email } : null;
  },
});

type Options = Parameters<typeof createAuth>[0];

function app(options: Partial<Options> = {}) {
  return createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [FORM],
    profileToUser: (profile: object) => ({ ...(profile as { id: string }), role: "reader" }),
    ...(options as object),
  });
}

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());
const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe("a form", () => {
  it("C30 signs in, and the session is an encrypted cookie of one host", async () => {
    const browser = new Browser(app());
    const got = await browser.signIn();
    expect(got.status).toBe(200);
    expect(got.body?.user).toMatchObject({ id: "user of ada@example.com", role: "reader" });
    expect(browser.names).toEqual(["__Host-session"]);
    expect(got.lines).toEqual([
      expect.stringMatching(
        /^__Host-session=[\w.-]+; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=21600$/,
      ),
    ]);
    expect(got.headers.get("cache-control")).toMatch(/private, no-store/);
    expect(await browser.peek()).toMatchObject({
      status: "authenticated",
      user: { id: "user of ada@example.com", email: "ada@example.com", role: "reader" },
      session: {
        userId: "user of ada@example.com",
        expiresAt: new Date(Math.floor(Date.now() / 1000) * 1000 + 21_600_000).toISOString(),
      },
      setCookies: [],
    });
    expect(atob(browser.cookie.split(".")[3]?.replaceAll("-", "+").replaceAll("_", "/") ?? "")).not.toContain(
      "ada",
    );
    expect((await browser.get("/get-session")).body).toMatchObject({
      user: { role: "reader" },
      session: { userId: "user of ada@example.com" },
    });
  });

  it("R19 wrong credentials are INVALID_CREDENTIALS, and any other error is unavailable without a word of it", async () => {
    const heard: unknown[] = [];
    const browser = new Browser(
      app({ onError: ({ error }) => void heard.push([error.code, error.reason, error.stage]) }),
    );
    const wrong = await browser.signIn("ada@example.com", "wrong");
    expect([wrong.status, wrong.body?.error?.code, wrong.body?.error?.reason]).toEqual([
      401,
      "signin-failed",
      "INVALID_CREDENTIALS",
    ]);
    const broken = await browser.signIn("ada@example.com", "broken");
    expect([broken.status, broken.body?.error?.code]).toEqual([503, "unavailable"]);
    expect(broken.text).not.toContain("10.0.0.7");
    expect(heard).toEqual([
      ["signin-failed", "INVALID_CREDENTIALS", "credentials"],
      ["unavailable", "APP_ERROR", "credentials"],
    ]);
    expect(browser.names).toEqual([]);
  });

  it("what the app threw is told on the console by its kind, where no onError hears of it", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    try {
      const browser = new Browser(app());
      await browser.signIn("ada@example.com", "wrong");
      expect(told).not.toHaveBeenCalled();
      await browser.signIn("ada@example.com", "broken");
      expect(told.mock.calls).toEqual([
        ["httponly: signing in failed at credentials: APP_ERROR, by Error; onError gets it whole"],
      ]);
    } finally {
      told.mockRestore();
    }
  });

  it("C29 a form without JavaScript is led on, and back to its page with the reason", async () => {
    const browser = new Browser(app());
    const fields = { email: "ada@example.com", callbackURL: "/library", errorCallbackURL: "/login?a=1" };
    const wrong = await browser.form("/sign-in/email", { ...fields, password: "x" });
    expect(wrong.location).toBe("/login?a=1&error=signin-failed&reason=INVALID_CREDENTIALS");
    const right = await browser.form("/sign-in/email", { ...fields, password: "correct horse" });
    expect([right.status, right.location]).toEqual([303, "/library"]);
    expect(await browser.who()).toBe("user of ada@example.com");
  });

  it("only listed fields reach the app, each a text that is there", async () => {
    const seen: unknown[] = [];
    const form = credentials<{ pin: string }>({
      fields: ["pin"],
      getProfile: (fields) => {
        seen.push(fields);
        return { id: "1" };
      },
    });
    const browser = new Browser(app({ providers: [form] } as never));
    expect(
      (await browser.post("/sign-in/email", { pin: "1234", role: "admin", __proto__: { x: 1 } })).status,
    ).toBe(200);
    expect(seen).toEqual([{ pin: "1234" }]);
    for (const body of [{}, { pin: "" }, { pin: 1234 }, { pin: ["1"] }, { pin: "x".repeat(5000) }]) {
      const got = await browser.post("/sign-in/email", body);
      expect([got.status, got.body?.error?.code, got.body?.error?.field]).toEqual([
        400,
        "field-invalid",
        "pin",
      ]);
    }
    expect(seen.length).toBe(1);
  });

  it("a schema checks the fields", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          typeof (value as { age?: unknown }).age === "number"
            ? { value: { age: (value as { age: number }).age + 1 } }
            : { issues: [{ message: "secret detail", path: ["age"] }] },
        types: undefined as { input: { age: number }; output: { age: number } } | undefined,
      },
    };
    const form = credentials({ fields: schema, getProfile: ({ age }) => ({ id: String(age) }) });
    const browser = new Browser(app({ providers: [form] } as never));
    expect((await browser.post("/sign-in/email", { age: 7 })).body?.user).toMatchObject({ id: "8" });
    const wrong = await browser.post("/sign-in/email", { age: "7" });
    expect([wrong.status, wrong.body?.error?.field, wrong.text.includes("secret detail")]).toEqual([
      400,
      "age",
      false,
    ]);
  });

  it("a null user is refused, and a user without an id is the app's fault", async () => {
    for (const [user, status, reason] of [
      [null, 403, "USER_REFUSED"],
      [{}, 503, "APP_ERROR"],
      [{ id: 7 }, 503, "APP_ERROR"],
    ] as const) {
      const browser = new Browser(app({ profileToUser: () => user as never }));
      const got = await browser.signIn();
      expect([got.status, got.body?.error?.reason]).toEqual([status, reason]);
      expect(browser.names).toEqual([]);
    }
  });

  it("another site can neither sign in nor out", async () => {
    const browser = new Browser(app());
    await browser.signIn();
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
    ])
      for (const path of ["/sign-in/email", "/sign-out"]) {
        const got = await browser.post(
          path,
          { email: "eve@example.com", password: "correct horse" },
          headers,
        );
        expect([got.status, got.body?.error?.code]).toEqual([403, "cross-origin"]);
      }
    expect(await browser.who()).toBe("user of ada@example.com");
  });
});

describe("paths", () => {
  it("R3 C29 nothing but a POST begins or ends a session", async () => {
    const browser = new Browser(app());
    await browser.signIn();
    for (const path of ["/sign-in/email", "/sign-in/social", "/sign-in/magic-link", "/sign-out"]) {
      const got = await browser.get(path);
      expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
    }
    expect(await browser.who()).toBe("user of ada@example.com");
  });

  it("an unknown path, provider or flow is a typed 404", async () => {
    const browser = new Browser(app());
    for (const [path, body] of [
      ["/sign-up/email", {}],
      ["/sign-in/magic-link", { email: "a@b.example" }],
      ["/sign-in/social", { provider: "google" }],
      ["/sign-in/social", { provider: "__proto__" }],
      ["/revoke-sessions", {}],
      ["/two-factor/verify-totp", { code: "1" }],
    ] as const) {
      const got = await browser.post(path, body);
      expect([path, got.status, got.body?.error?.code]).toEqual([path, 404, "unknown-target"]);
    }
  });

  it("a body that is none is a typed 400", async () => {
    const browser = new Browser(app());
    const headers = { "sec-fetch-site": "same-origin", "content-type": "application/json" };
    for (const body of ["{", "[]", "null", '{"a":1,"a":2}', new Uint8Array([0xff, 0xfe])]) {
      const got = await browser.send("/api/auth/sign-in/email", { method: "POST", headers, body });
      expect([got.status, got.body?.error?.code]).toEqual([400, "body-invalid"]);
    }
    const large = await browser.send("/api/auth/sign-in/email", {
      method: "POST",
      headers,
      body: `{"a":"${"x".repeat(70_000)}"}`,
    });
    expect(large.status).toBe(413);
  });

  it("callbacks stay on the site", async () => {
    const browser = new Browser(app());
    for (const callbackURL of [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "javascript:alert(1)",
    ]) {
      const got = await browser.form("/sign-in/email", {
        email: "a@b.example",
        password: "correct horse",
        callbackURL,
      });
      expect(got.location).toBe("/");
    }
    const own = await browser.form("/sign-in/email", {
      email: "a@b.example",
      password: "correct horse",
      callbackURL: `${ORIGIN}/library?x#y`,
    });
    expect(own.location).toBe(`${ORIGIN}/library?x#y`);
  });
});

describe("a session", () => {
  it("is renewed by pages that are shown, keeps its id, and has an absolute end", async () => {
    const browser = new Browser(app({ cookie: { maxAge: 100, renewAfter: 20, absolute: 250 } }));
    await browser.signIn();
    const first = await browser.open();
    expect(first.setCookies).toEqual([]);
    const { id } = first.session as { id: string };
    for (const seconds of [90, 90, 60]) {
      pass(seconds);
      const { status, session } = await browser.open();
      expect([status, (session as { id: string }).id]).toEqual(["authenticated", id]);
    }
    pass(11);
    expect((await browser.open()).status).toBe("anonymous");
    expect(browser.names).toEqual([]);
  });

  it("R17 is not renewed by a page's own request, whose answer may come late", async () => {
    const browser = new Browser(app({ cookie: { maxAge: 100, renewAfter: 0 } }));
    await browser.signIn();
    pass(50);
    for (const headers of [
      { "sec-fetch-dest": "empty" },
      { "sec-fetch-dest": "image" },
      { accept: "*/*" },
      {},
    ])
      expect((await browser.peek("/", headers)).setCookies).toEqual([]);
    expect((await browser.peek("/", { "sec-fetch-dest": "document" })).setCookies.length).toBe(1);
  });

  it("R17 a slow answer across a sign-out revives nothing", async () => {
    const browser = new Browser(app({ cookie: { maxAge: 100, renewAfter: 0 } }));
    await browser.signIn();
    pass(1);
    const late = await browser.peek("/", { "sec-fetch-dest": "document" });
    expect(late.setCookies.length).toBe(1);
    await browser.post("/sign-out");
    expect(browser.names).toEqual(["__Host-session.out"]);
    browser.keep(late.setCookies);
    expect(await browser.who()).toBe("anonymous");
    // The same where another process answers, which knows of no sign-out.
    const elsewhere = new Browser(app({ cookie: { maxAge: 100, renewAfter: 0 } }));
    elsewhere.jar = browser.jar;
    expect(await elsewhere.who()).toBe("anonymous");
    await elsewhere.open();
    expect(elsewhere.names).toEqual(["__Host-session.out"]);
    await browser.signIn();
    expect(await browser.who()).toBe("user of ada@example.com");
  });

  it("a copy of the cookie is nobody's after the sign-out, in this process", async () => {
    const browser = new Browser(app());
    await browser.signIn();
    const copied = browser.cookie;
    await browser.post("/sign-out");
    expect((await browser.peek("/", {}, copied)).status).toBe("anonymous");
  });

  it("a new one begins with each sign-in, and no cookie that was there before is taken over", async () => {
    const browser = new Browser(app());
    browser.jar.set("__Host-session", "planted");
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await browser.signIn();
      ids.add(((await browser.peek()).session as { id: string }).id);
    }
    expect(ids.size).toBe(3);
  });

  it("R20 a changed secret makes anonymous and clears; of several the first writes and all read", async () => {
    const [old, next] = [`${SECRET} old`, `${SECRET} next`];
    const browser = new Browser(app({ secret: old }));
    await browser.signIn();
    const both = new Browser(app({ secret: [next, old], cookie: { renewAfter: 0 } }));
    both.jar = browser.jar;
    expect(await both.who()).toBe("user of ada@example.com");
    pass(1);
    await both.open();
    const last = new Browser(app({ secret: next }));
    last.jar = both.jar;
    expect(await last.who()).toBe("user of ada@example.com");
    const other = new Browser(app({ secret: old }));
    other.jar = new Map(last.jar);
    expect((await other.open()).status).toBe("anonymous");
    expect(other.names).toEqual([]);
  });

  it("a tampered, truncated, foreign, expired or doubled cookie is anonymous, and cleared at its own scope", async () => {
    const browser = new Browser(app({ cookie: { maxAge: 100 } }));
    await browser.signIn();
    const value = browser.jar.get("__Host-session") ?? "";
    const parts = value.split(".");
    const none = `${btoa('{"alg":"none"}').replaceAll("=", "")}.${btoa('{"sub":"1","sid":"1","iat":1,"exp":9e9}').replaceAll("=", "")}.`;
    const foreign = new Browser(app({ secret: `${SECRET} of another app` }));
    await foreign.signIn();
    const name = "__Host-session";
    const dead = `${name}=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0`;
    for (const cookie of [
      `${name}=${value.slice(0, -1)}`,
      `${name}=${value.slice(0, 20)}`,
      // Its last character has bits that say nothing, which decoders pass over.
      ...["A", "Q", "g", "w", "B", "R", "h", "x", "f", "_"]
        .filter((last) => !value.endsWith(last))
        .map((last) => `${name}=${value.slice(0, -1)}${last}`),
      `${name}=${[parts[0], parts[1], parts[2], `A${parts[3]}`, parts[4]].join(".")}`,
      `${name}=${none}`,
      `${name}=`,
      `${name}=x`,
      `${name}=${value}; ${name}=${value}`,
      `${name}=${value}; ${name}=`,
      `${name}=; ${name}=${value}`,
      `${name}=2~${value}`,
      foreign.cookie,
    ]) {
      const { status, user, setCookies } = await browser.peek("/", { "sec-fetch-dest": "document" }, cookie);
      expect([cookie, status, user, setCookies]).toEqual([cookie, "anonymous", null, [dead]]);
      // A page's own request may answer late, and clears nothing.
      expect((await browser.peek("/", { "sec-fetch-dest": "empty" }, cookie)).setCookies).toEqual([]);
    }
    pass(101);
    expect((await browser.open()).setCookies).toEqual([dead]);
    expect((await browser.peek("/", {}, "other=1; session=x")).setCookies).toEqual([]);
  });

  it("R14 is cut by exact bytes, shrinks without a stale chunk, and is nobody's where a chunk is missing", async () => {
    let size = 0;
    const auth = app({ profileToUser: () => ({ id: "1", more: "x".repeat(size) }) as never });
    const browser = new Browser(auth);
    await browser.signIn();
    const empty = browser.cookie.length;
    const at = async (bytes: number) => {
      // Three bytes are four characters.
      size = Math.max(0, Math.floor(((bytes - empty) * 3) / 4));
      await browser.signIn();
      expect(await browser.who()).toBe("1");
      return browser.names.length;
    };
    expect(await at(4000)).toBe(1);
    expect(await at(4200)).toBe(2);
    expect(await at(10_000)).toBe(3);
    const chunks = browser.names;
    for (const missing of chunks) {
      const rest = [...browser.jar]
        .filter(([name]) => name !== missing)
        .map((pair) => pair.join("="))
        .join("; ");
      const { status, setCookies } = await browser.peek("/", { "sec-fetch-dest": "document" }, rest);
      expect([missing, status]).toEqual([missing, "anonymous"]);
      expect(setCookies.length).toBeGreaterThan(1);
    }
    for (const [name, value] of browser.jar) expect(name.length + value.length).toBeLessThanOrEqual(4096);
    expect(await at(0)).toBe(1);
    await at(10_000);
    await browser.post("/sign-out");
    expect(browser.names).toEqual(["__Host-session.out"]);
  });

  it("R13 one that is too large is refused by name when it begins", async () => {
    const browser = new Browser(
      app({ profileToUser: () => ({ id: "1", more: "x".repeat(20_000) }) as never }),
    );
    const got = await browser.signIn();
    expect([got.status, got.body?.error?.code]).toEqual([400, "too-large"]);
    const led = await browser.form("/sign-in/email", { email: "a@b.example", password: "correct horse" });
    expect(failureOf(led)).toMatchObject({ page: "/login", error: "too-large" });
    expect(browser.names).toEqual([]);
  });

  it("of a domain is __Secure-, and cleared there", async () => {
    const browser = new Browser(app({ cookie: { name: "s", domain: "app.example" } }));
    const got = await browser.signIn();
    expect(got.lines[0]).toMatch(/^__Secure-s=.*Domain=app\.example/);
    const { lines } = await browser.post("/sign-out");
    expect(
      lines.filter((line) => line.startsWith("__Secure-s=;") && line.includes("Domain=app.example")).length,
    ).toBe(1);
  });

  it("that is not to be remembered ends with the browser", async () => {
    const browser = new Browser(app({ cookie: { maxAge: 100, renewAfter: 0 } }));
    const got = await browser.post("/sign-in/email", {
      email: "a@b.example",
      password: "correct horse",
      rememberMe: false,
    });
    expect(got.lines[0]).not.toMatch(/Max-Age/);
    pass(1);
    const { setCookies } = await browser.peek("/", { "sec-fetch-dest": "document" });
    expect(setCookies).toEqual([expect.not.stringMatching(/Max-Age/)]);
  });
});

describe("the app's callbacks", () => {
  it("turn a user into a session, into claims, and back", async () => {
    const auth = createAuth({
      secret: SECRET,
      origin: ORIGIN,
      providers: [FORM],
      profileToUser: ({ id }) => ({ id, email: "kept@example.com" }),
      userToSession: (user, { provider }) => ({ uid: user.id, plan: "pro", provider }),
      sessionToJwt: ({ uid, plan }) => ({ uid, p: plan, sub: "not this one" }),
      jwtToSession: (jwt) => ({
        uid: String(jwt.uid),
        plan: String(jwt.p),
        provider: jwt.idp as "credentials",
      }),
      sessionToUser: ({ uid }) => ({ id: uid, email: "read@example.com" }),
    });
    const browser = new Browser(auth);
    await browser.signIn();
    expect(await browser.peek()).toMatchObject({
      user: { id: "user of ada@example.com", email: "read@example.com" },
      session: { uid: "user of ada@example.com", plan: "pro", provider: "credentials" },
    });
  });

  it("may leave most to the defaults: a session of the app's own comes back as it was", async () => {
    const auth = createAuth({
      secret: SECRET,
      origin: ORIGIN,
      providers: [FORM],
      profileToUser: ({ id }) => ({ id, email: "kept@example.com" }),
      userToSession: (user) => ({ user, plan: "pro", remember: "mine" }),
      sessionToUser: (session) => session.user,
    });
    const browser = new Browser(auth);
    await browser.signIn();
    const { user, session } = await browser.peek();
    expect(user).toEqual({ id: "user of ada@example.com", email: "kept@example.com" });
    expect(session).toMatchObject({ user, plan: "pro", userId: "user of ada@example.com" });
  });

  it("that say null sign nobody in, and that throw neither sign in nor out", async () => {
    const browser = new Browser(app());
    await browser.signIn();
    for (const [callbacks, status, cleared] of [
      [{ jwtToSession: () => null }, "anonymous", 1],
      [{ sessionToUser: () => null }, "anonymous", 1],
      [{ jwtToSession: () => Promise.reject(new Error("no")) }, "unavailable", 0],
      [
        {
          sessionToUser: () => {
            throw new Error("no");
          },
        },
        "unavailable",
        0,
      ],
    ] as const) {
      const other = new Browser(app(callbacks as never));
      other.jar = browser.jar;
      const answer = await other.peek("/", { "sec-fetch-dest": "document" });
      expect([answer.status, answer.user, answer.setCookies.length]).toEqual([status, null, cleared]);
    }
  });

  it("onError may give another reason and another page of the app, and what it throws refuses", async () => {
    const said = async (onError: Options["onError"]) => {
      const browser = new Browser(app({ onError }));
      return (await browser.form("/sign-in/email", { email: "a@b.example", password: "x" })).location;
    };
    expect(await said(() => ({ redirect: "/blocked?a=1" }))).toBe("/blocked?a=1");
    expect(await said(() => ({ redirect: "/blocked", reason: "CALL_US" }))).toBe(
      "/blocked?error=signin-failed&reason=CALL_US",
    );
    expect(await said(() => ({ reason: "CALL_US" }))).toBe("/login?error=signin-failed&reason=CALL_US");
    expect(await said(() => ({ redirect: "https://evil.example/" }))).toBe("/");
    expect(
      await said(() => {
        throw new Error("no");
      }),
    ).toBe("/login?error=signin-failed&reason=INVALID_CREDENTIALS");
  });
});

describe("a token of the app's own", () => {
  it("stands unwrapped in the cookie, is verified by the app, and by others with its public keys", async () => {
    const jose = await import("jose");
    const { privateKey, publicKey } = await jose.generateKeyPair("ES256", { extractable: true });
    const jwk = { ...(await jose.exportJWK(privateKey)), kid: "1", alg: "ES256" };
    const auth = createAuth({
      secret: SECRET,
      origin: ORIGIN,
      providers: [FORM],
      profileToUser: ({ id }) => ({ id }),
      signJwt: (jwt) => new jose.SignJWT(jwt).setProtectedHeader({ alg: "ES256", kid: "1" }).sign(privateKey),
      verifyJwt: async (token) => (await jose.jwtVerify(token, publicKey).catch(() => null))?.payload ?? null,
      jwks: { keys: [jwk] },
      cookie: { domain: "app.example" },
    });
    const browser = new Browser(auth);
    await browser.signIn();
    const token = browser.jar.get("__Secure-session") ?? "";
    const { body, text } = await browser.get("/jwks");
    expect(text).not.toContain('"d"');
    const keys = jose.createLocalJWKSet(body as never);
    const { payload } = await jose.jwtVerify(token, keys);
    expect(payload).toMatchObject({
      sub: "user of ada@example.com",
      sid: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(await browser.who()).toBe("user of ada@example.com");
    browser.jar.set("__Secure-session", `${token.slice(0, -2)}AA`);
    expect(await browser.who()).toBe("anonymous");
  });

  it("is verified by the app's public keys, or by the secret, where the app says no more", async () => {
    const jose = await import("jose");
    const { privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
    const { d: _, ...jwk } = { ...(await jose.exportJWK(privateKey)), kid: "1", alg: "ES256" };
    const bytes = (text: string) => new TextEncoder().encode(text);
    const es = (jwt: object) =>
      new jose.SignJWT(jwt as never).setProtectedHeader({ alg: "ES256", kid: "1" }).sign(privateKey);
    const hs = (key: string) => (jwt: object) =>
      new jose.SignJWT(jwt as never).setProtectedHeader({ alg: "HS256", kid: "1" }).sign(bytes(key));
    const none = (jwt: object) => `${new jose.UnsecuredJWT(jwt as never).encode()}x`;
    const jwks = { keys: [jwk] };
    const known = "user of ada@example.com";
    for (const [options, who] of [
      [{ signJwt: es, jwks }, known],
      [{ signJwt: es, jwks: () => jwks }, known],
      [{ signJwt: es }, "anonymous"],
      [{ signJwt: hs(SECRET) }, known],
      [{ signJwt: hs(SECRET), secret: [`${SECRET} next`, SECRET] }, known],
      [{ signJwt: hs(`${SECRET} of another`) }, "anonymous"],
      [{ signJwt: hs(SECRET), jwks }, "anonymous"],
      [{ signJwt: hs(JSON.stringify(jwk)), jwks }, "anonymous"],
      [{ signJwt: none }, "anonymous"],
      [{ signJwt: none, jwks }, "anonymous"],
    ] as const) {
      const browser = new Browser(app(options as never));
      expect((await browser.signIn()).status).toBe(200);
      expect([options, await browser.who()]).toEqual([options, who]);
    }
  });

  it("is nobody's where verifying gives null, and where it throws", async () => {
    let verify: () => unknown = () => null;
    const auth = app({ signJwt: async () => "a.b.c", verifyJwt: async () => verify() as never });
    const browser = new Browser(auth);
    expect((await browser.signIn()).status).toBe(200);
    expect(browser.jar.get("__Host-session")).toBe("a.b.c");
    expect(await browser.who()).toBe("anonymous");
    verify = () => {
      throw new Error("no");
    };
    expect(await browser.who()).toBe("unavailable");
    verify = () => ({ sub: "1", sid: "2", iat: 1, exp: 9e9 });
    expect(await browser.who()).toBe("anonymous");
    verify = () => ({ sub: "1" });
    expect(await browser.who()).toBe("anonymous");
  });
});

describe("options that are none", () => {
  it("throw by name, and show no secret", () => {
    const secret = "short but secret";
    for (const [options, name] of [
      [{ secret }, /secret must have at least 32 bytes, got 16/],
      [{ secret: [SECRET, secret] }, /secret/],
      [{ secret: [] }, /secret/],
      [{ secret: undefined }, /secret/],
      [{ secrte: SECRET }, /secrte/],
      [{ providers: [] }, /providers/],
      [{ providers: [FORM, FORM] }, /providers.*credentials/],
      [{ providers: [{ id: "x" }] }, /providers/],
      [{ profileToUser: undefined }, /profileToUser/],
      [{ origin: "app.example" }, /origin/],
      [{ origin: "https://app.example/path" }, /origin/],
      [{ basePath: "api" }, /basePath/],
      [{ cookie: { name: "__Host-a" } }, /cookie\.name/],
      [{ cookie: { domain: "localhost" } }, /cookie\.domain/],
      [{ cookie: { maxAge: -1 } }, /cookie\.maxAge/],
      [{ cookie: { maxage: 1 } }, /maxage/],
      [{ cookie: { absolute: "1" } }, /cookie\.absolute/],
      [{ onError: "log" }, /onError/],
      [{ store: {} }, /store\.get/],
      [{ pages: { login: "https://evil.example" } }, /pages\.login/],
    ] as const) {
      let thrown: unknown;
      try {
        app(options as never);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, JSON.stringify(options)).toBeInstanceOf(TypeError);
      expect((thrown as Error).message).toMatch(name);
      expect((thrown as Error).message).not.toContain(secret);
    }
    expect(() => credentials({ getProfil: () => null } as never)).toThrow(
      /unknown option "getProfil"; did you mean "getProfile"/,
    );
    expect(() => credentials({ fields: [], getProfile: () => null } as never)).toThrow(/fields/);
    // A polluted prototype declares nothing.
    Object.assign(Object.prototype, { signJwt: () => "a.b.c" });
    try {
      expect(() => app()).not.toThrow();
    } finally {
      delete (Object.prototype as { signJwt?: unknown }).signJwt;
    }
  });
});
