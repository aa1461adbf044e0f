// getSession and the cache behind it, on real sockets: a backend that answers as it is told, so that its calls can be
// counted and held back. tests/js/backend.test.ts has the real one.
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import { type Auth, type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen, type Received, upstream } from "./support/serve.ts";

const USER = { id: "u1", email: "ada@example.com", name: "Ada", role: "customer", emailVerified: true };

function session(token: string, more: object = {}): string {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  return JSON.stringify({ session: { id: "s1", userId: "u1", token, expiresAt, ...more }, user: USER });
}

function json(response: ServerResponse, body: string, status = 200, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}

async function setup(
  options: Partial<AuthBackendOptions> = {},
  answer: (received: Received, response: ServerResponse) => void = (_, response) =>
    json(response, session("tok")),
) {
  const { origin, log } = await upstream(answer);
  const auth = authBackend({ url: origin, cookie: "codex-session", ...options });
  // A later backend may get the same port.
  onTestFinished(() => auth.purge());
  return { auth, log, url: origin };
}

function ask(cookie?: string, init: RequestInit = {}, url = "http://app.my.example/page"): Request {
  return new Request(url, { ...init, headers: { ...init.headers, ...(cookie && { cookie }) } });
}

const SID = "codex-session=tok.sig";

/** Lets all that is under way come to where it waits. */
const settle = () => new Promise((done) => setTimeout(done, 30));

/** A backend whose answers are given by hand. */
async function held(options: Partial<AuthBackendOptions> = {}) {
  const waiting: ServerResponse[] = [];
  const { auth, log } = await setup(options, (_, response) => waiting.push(response));
  const called = async (count: number) => {
    while (log.length < count) await new Promise((done) => setTimeout(done, 2));
  };
  return { auth, log, waiting, called, next: () => waiting.shift() as ServerResponse };
}

describe("what an answer means", () => {
  test.each([
    ["a session and its user", 200, session("tok"), "authenticated"],
    ["200 null", 200, "null", "anonymous"],
    ["401", 401, '{"message":"no"}', "anonymous"],
    ["403", 403, '{"message":"no"}', "rejected"],
    ["429", 429, '{"message":"too many"}', "unavailable"],
    ["500", 500, "null", "unavailable"],
    ["503", 503, session("tok"), "unavailable"],
    ["404", 404, "", "unavailable"],
    ["no JSON", 200, "<html>", "unavailable"],
    ["JSON cut off", 200, session("tok").slice(0, -1), "unavailable"],
    ["JSON of another shape", 200, '{"user":"ada"}', "unavailable"],
    ["another user's session", 200, session("tok", { userId: "u2" }), "unavailable"],
    ["a session that has ended", 200, session("tok", { expiresAt: "2020-01-01T00:00:00.000Z" }), "anonymous"],
  ])("%s", async (_, code, body, status) => {
    const { auth } = await setup({}, (_, response) => json(response, body, code));
    const answer = await auth.getSession(ask(SID));
    expect(answer.status).toBe(status);
    if (status !== "authenticated") expect(answer).toMatchObject({ user: null, session: null });
    // Only one that is dead for sure loses its cookie.
    expect(answer.setCookies.length > 0).toBe(status === "anonymous");
  });

  test("a redirect is not followed", async () => {
    const { auth, log } = await setup({}, (_, response) => response.writeHead(302, { location: "/x" }).end());
    expect((await auth.getSession(ask(SID))).status).toBe("unavailable");
    expect(log).toHaveLength(1);
  });

  test("nobody listening, and a backend that never answers, are unavailable", async () => {
    const gone = createServer();
    const url = await listen(gone);
    await new Promise((done) => gone.close(done));
    const nobody = authBackend({ url, cookie: "codex-session" });
    expect(await nobody.getSession(ask(SID))).toEqual({
      status: "unavailable",
      user: null,
      session: null,
      setCookies: [],
    });
    const { auth } = await setup({ timeout: 80 }, () => {});
    expect((await auth.getSession(ask(SID))).status).toBe("unavailable");
  });

  test("a body that stops half-way is unavailable when the time is over", async () => {
    const { auth } = await setup({ timeout: 120 }, (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"session":');
    });
    expect((await auth.getSession(ask(SID))).status).toBe("unavailable");
  });

  test("it never throws, whatever its functions do", async () => {
    const fail = () => {
      throw new Error("mine");
    };
    for (const options of [
      { url: fail },
      { url: () => "no url" },
      { clientAddress: fail },
      { fetch: fail },
    ]) {
      const auth = authBackend({ url: "http://127.0.0.1:1", cookie: "codex-session", ...options });
      expect((await auth.getSession(ask(SID))).status).toBe("unavailable");
    }
  });
});

describe("which cookies make a session", () => {
  test.each([undefined, "theme=dark", "session=1; xcodex-session=2"])(
    "%s: anonymous, no call, nothing cleared",
    async (cookie) => {
      const { auth, log } = await setup();
      expect(await auth.getSession(ask(cookie))).toEqual({
        status: "anonymous",
        user: null,
        session: null,
        setCookies: [],
      });
      expect(log).toEqual([]);
    },
  );

  test.each(["codex-session", "__Secure-codex-session", "__Host-codex-session"])("%s", async (name) => {
    const { auth, log } = await setup();
    const answer = await auth.getSession(ask(`theme=dark; ${name}=tok.s%2B%3D; access_token=x`));
    expect(answer.status).toBe("authenticated");
    expect(log[0]?.headers.cookie).toBe(`${name}=tok.s%2B%3D`);
  });

  test("codex-session=: anonymous without a call, and cleared", async () => {
    const { auth, log } = await setup();
    const answer = await auth.getSession(ask("codex-session="));
    expect(answer.status).toBe("anonymous");
    expect(log).toEqual([]);
    expect(answer.setCookies).toEqual([
      "codex-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
      "codex-session=; Max-Age=0; Domain=app.my.example; Path=/; HttpOnly; SameSite=Lax",
      "codex-session=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax",
    ]);
  });

  test.each([
    "codex-session=a; codex-session=b",
    "codex-session=a; x=1; codex-session=a",
    "codex-session=; codex-session=b",
    "codex-session=a; codex-session=b; codex.session_data=c; __Secure-codex-session=",
  ])(
    "%s: anonymous without a call, and of each only what a sibling can have set is cleared",
    async (cookie) => {
      const { auth, log } = await setup();
      const answer = await auth.getSession(ask(cookie));
      expect(answer.status).toBe("anonymous");
      expect(log).toEqual([]);
      expect(answer.setCookies).toEqual([
        "codex-session=; Max-Age=0; Domain=app.my.example; Path=/; HttpOnly; SameSite=Lax",
        "codex-session=; Max-Age=0; Domain=app.my.example; Path=/page; HttpOnly; SameSite=Lax",
        "codex-session=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax",
        "codex-session=; Max-Age=0; Domain=my.example; Path=/page; HttpOnly; SameSite=Lax",
      ]);
      const poll = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
      expect((await auth.getSession(ask(cookie, { headers: poll }))).setCookies).toEqual([]);
    },
  );

  test("the backend's copy of a session is never asked about: it outlives a sign-out", async () => {
    const { auth, log } = await setup();
    await auth.getSession(ask(`${SID}; codex.session_data=copy; codex.dont_remember=true.s`));
    expect(log[0]?.headers.cookie).toBe(`${SID}; codex.dont_remember=true.s`);
  });

  test("checklist 6: a dead cookie is cleared with its Domain and Secure, and host-only", async () => {
    const { auth } = await setup({ domain: ".my.example", origin: "https://app.my.example" }, (_, response) =>
      json(response, "null"),
    );
    const answer = await auth.getSession(ask("__Secure-codex-session=x; __Host-codex-session=y"));
    expect(answer.setCookies).toEqual([
      "__Secure-codex-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
      "__Secure-codex-session=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax; Secure",
      "__Host-codex-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure",
    ]);
  });
});

describe("what the backend is sent", () => {
  test("the own origin, one address, and none of the client's claims", async () => {
    const { auth, log } = await setup({
      origin: "https://app.example",
      clientAddress: () => "::ffff:192.0.2.7",
    });
    const headers = {
      "x-forwarded-for": "203.0.113.9",
      "x-real-ip": "203.0.113.9",
      forwarded: "for=203.0.113.9",
      origin: "https://evil.example",
      authorization: "Bearer x",
      "x-forwarded-host": "evil.example",
    };
    await auth.getSession(ask(SID, { headers }));
    expect(log[0]?.url).toBe("/api/auth/get-session");
    expect(log[0]?.headers).toMatchObject({ origin: "https://app.example", "x-forwarded-for": "192.0.2.7" });
    for (const name of ["x-real-ip", "forwarded", "authorization", "x-forwarded-host"])
      expect(log[0]?.headers[name]).toBeUndefined();
  });

  test.each([undefined, "", "203.0.113.9, 192.0.2.7", "unknown", "1.2.3.4\r\nx: y"])(
    "no address where none is to be trusted (%j)",
    async (address) => {
      const { auth, log } = await setup({ clientAddress: () => address });
      await auth.getSession(ask(SID, { headers: { "x-forwarded-for": "203.0.113.9" } }));
      expect(log[0]?.headers["x-forwarded-for"]).toBeUndefined();
    },
  );

  test("url may be a function, fetch a binding, and the paths the backend's own", async () => {
    const { url, log } = await setup();
    const asked: unknown[] = [];
    const auth = authBackend({
      url: (_, platform) => (platform as { env: { AUTH: string } }).env.AUTH,
      fetch: (input, init) => {
        asked.push(String(input));
        return fetch(input, init);
      },
      cookie: "codex-session",
      basePath: "/link",
      paths: { getSession: "/whoami" },
    });
    await auth.getSession(ask(SID), { env: { AUTH: `${url}/v1` } });
    expect(asked).toEqual([`${url}/v1/link/whoami`]);
    expect(log[0]?.url).toBe("/v1/link/whoami");
  });
});

describe("the cache", () => {
  test("1,000 concurrent requests on a cold cache make one call", async () => {
    const { auth, log } = await setup();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => auth.getSession(ask(SID))));
    expect(log).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["authenticated"]));
    await auth.getSession(ask(SID));
    expect(log).toHaveLength(1);
  });

  test("one client leaving does not fail the others", async () => {
    const { auth, log, called, next } = await held();
    const leaving = new AbortController();
    const first = auth.getSession(ask(SID, { signal: leaving.signal }));
    const others = [auth.getSession(ask(SID)), auth.getSession(ask(SID))];
    await called(1);
    leaving.abort();
    await settle();
    json(next(), session("tok"), 200, { "set-cookie": "codex-session=tok.sig; Max-Age=86400" });
    expect((await first).setCookies).toEqual([]);
    const answers = await Promise.all(others);
    expect(answers.map(({ status }) => status)).toEqual(["authenticated", "authenticated"]);
    // The lines of the one that left go to one of those that stayed.
    expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual(["codex-session=tok.sig; Max-Age=86400"]);
    expect(log).toHaveLength(1);
  });

  test("checklist 5: the backend's Set-Cookie lines go to one requester, byte for byte, all, in order", async () => {
    const lines = [
      "codex-session=a%2Bb=.c; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax; Priority=High; Partitioned",
      'x="1 2"; Expires=Thu, 01 Jan 2032 00:00:00 GMT',
      "codex-session=second",
    ];
    const { auth } = await setup({}, (_, response) =>
      json(response, session("t"), 200, { "set-cookie": lines }),
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => auth.getSession(ask(SID))));
    expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual(lines);
    expect((await auth.getSession(ask(SID))).setCookies).toEqual([]);
  });

  test("checklist 15: the key is all session cookies, so two users never share an entry", async () => {
    const { auth, log } = await setup({}, ({ headers }, response) => {
      const id = headers.cookie ?? "";
      json(response, JSON.stringify({ user: { ...USER, id }, session: { id: "s", userId: id } }));
    });
    const cookies = [SID, "codex-session=tok.sih", `__Secure-${SID}`, `${SID}; __Secure-codex-session=b`];
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(cookies.map((cookie) => auth.getSession(ask(cookie))));
      expect(answers.map(({ user }) => user?.id)).toEqual(cookies);
    }
    expect(log).toHaveLength(cookies.length);
  });

  test("what one backend said is not asked of another, where url is a function; a purge forgets both", async () => {
    const [one, two] = [await setup(), await setup({}, (_, response) => json(response, "null"))];
    const url = (request: Request) => (request.url.includes("one") ? one.url : two.url);
    const auth = authBackend({ url, cookie: "codex-session" });
    const from = async (tenant: string) =>
      (await auth.getSession(ask(SID, {}, `http://${tenant}.my.example/`))).status;
    for (let i = 0; i < 2; i++)
      expect([await from("one"), await from("two")]).toEqual(["authenticated", "anonymous"]);
    expect([one.log.length, two.log.length]).toEqual([1, 1]);
    auth.purge("tok");
    await from("one");
    await from("two");
    expect([one.log.length, two.log.length]).toEqual([2, 2]);
  });

  test("what one request does to its user reaches no other", async () => {
    const { auth } = await setup();
    const [first, second] = await Promise.all([auth.getSession(ask(SID)), auth.getSession(ask(SID))]);
    Object.assign(first.user ?? {}, { role: "admin" });
    expect(second.user?.role).toBe("customer");
    expect((await auth.getSession(ask(SID))).user?.role).toBe("customer");
  });

  test("absence is remembered, and its cookie cleared each time", async () => {
    const { auth, log } = await setup({}, (_, response) => json(response, "null"));
    for (let i = 0; i < 3; i++) {
      const answer = await auth.getSession(ask(SID));
      expect(answer.status).toBe("anonymous");
      expect(answer.setCookies).toHaveLength(3);
    }
    expect(log).toHaveLength(1);
  });

  test.each([500, 403, 429])("%i is not remembered", async (status) => {
    let away = true;
    const { auth, log } = await setup({}, (_, response) =>
      away ? json(response, "{}", status) : json(response, session("tok")),
    );
    expect((await auth.getSession(ask(SID))).status).not.toBe("anonymous");
    away = false;
    expect((await auth.getSession(ask(SID))).status).toBe("authenticated");
    expect(log).toHaveLength(2);
  });

  test("checklist 13: an entry whose time is over, and a backend that is away: unavailable, never anonymous", async () => {
    let away = false;
    const { auth } = await setup({ cacheTtl: 0.05 }, (_, response) =>
      away ? json(response, "null", 500) : json(response, session("tok")),
    );
    expect((await auth.getSession(ask(SID))).status).toBe("authenticated");
    away = true;
    await new Promise((done) => setTimeout(done, 80));
    expect(await auth.getSession(ask(SID))).toMatchObject({ status: "unavailable", setCookies: [] });
  });

  test("an entry lives no longer than its session", async () => {
    let alive = true;
    const { auth, log } = await setup({}, (_, response) =>
      json(response, alive ? session("t", { expiresAt: Date.now() + 150 }) : "null"),
    );
    expect((await auth.getSession(ask(SID))).status).toBe("authenticated");
    alive = false;
    expect((await auth.getSession(ask(SID))).status).toBe("authenticated");
    await new Promise((done) => setTimeout(done, 200));
    expect((await auth.getSession(ask(SID))).status).toBe("anonymous");
    expect(log).toHaveLength(2);
  });

  test("it is bounded, drops what was used longest ago, and made-up cookies push out no session", async () => {
    const { auth, log } = await setup({ cacheSize: 2 }, ({ headers }, response) =>
      json(response, headers.cookie?.includes("made-up") ? "null" : session("tok")),
    );
    const asks = async (value: string) => {
      const before = log.length;
      await auth.getSession(ask(`codex-session=${value}`));
      return log.length > before;
    };
    expect([await asks("a"), await asks("b"), await asks("a")]).toEqual([true, true, false]);
    for (let i = 0; i < 20; i++) await asks(`made-up${i}`);
    expect([await asks("a"), await asks("b")]).toEqual([false, false]);
    await asks("c");
    expect([await asks("b"), await asks("a")]).toEqual([false, true]);
  });

  test("cacheTtl 0 remembers nothing", async () => {
    const { auth, log } = await setup({ cacheTtl: 0 });
    for (let i = 0; i < 3; i++) expect((await auth.getSession(ask(SID))).status).toBe("authenticated");
    expect(log).toHaveLength(3);
  });
});

describe("purge", () => {
  test.each([
    ["the cookie's value", "tok.s%2Big"],
    ["the same, decoded", "tok.s+ig"],
    ["the token of the backend's table", "tok"],
  ])("drops one session by %s", async (_, token) => {
    const { auth, log } = await setup();
    const [one, other] = ["codex-session=tok.s%2Big", "codex-session=tak.s%2Big"];
    await auth.getSession(ask(one));
    await auth.getSession(ask(other));
    auth.purge(token);
    await auth.getSession(ask(other));
    expect(log).toHaveLength(2);
    await auth.getSession(ask(one));
    expect(log).toHaveLength(3);
  });

  test("without a token, all", async () => {
    const { auth, log } = await setup();
    for (const value of ["a", "b"]) await auth.getSession(ask(`codex-session=${value}`));
    auth.purge();
    for (const value of ["a", "b"]) await auth.getSession(ask(`codex-session=${value}`));
    expect(log).toHaveLength(4);
    expect(() => auth.purge(1 as unknown as string)).toThrow(TypeError);
  });

  test.each([["one", "tok"] as const, ["all", undefined] as const])(
    "%s: voids a look-up in flight, whose answer is neither used nor kept",
    async (_, token) => {
      const { auth, log, called, next } = await held();
      const early = auth.getSession(ask(SID));
      await called(1);
      auth.purge(token);
      const late = auth.getSession(ask(SID));
      await called(2);
      json(next(), session("tok"));
      await settle();
      json(next(), "null");
      expect((await late).status).toBe("anonymous");
      expect((await early).status).toBe("anonymous");
      expect((await auth.getSession(ask(SID))).status).toBe("anonymous");
      expect(log).toHaveLength(2);
    },
  );

  test("where each look-up is voided, nobody can tell: a voided answer is never used", async () => {
    const { auth, log, called, next } = await held();
    const asked = auth.getSession(ask(SID));
    for (let count = 1; count <= 5; count++) {
      await called(count);
      auth.purge("tok");
      json(next(), session("tok"));
    }
    expect(await asked).toMatchObject({ status: "unavailable", user: null });
    expect(log).toHaveLength(5);
  });

  test("another token's leaves a look-up alone", async () => {
    const { auth, log, called, next } = await held();
    const asked = auth.getSession(ask(SID));
    await called(1);
    auth.purge("another");
    json(next(), session("tok"));
    expect((await asked).status).toBe("authenticated");
    await auth.getSession(ask(SID));
    expect(log).toHaveLength(1);
  });
});

describe("a declaration", () => {
  test.each([
    [{ cookie: "a b" }, /token/],
    [{ cookie: 1 }, /cookie is a string/],
    [{ url: "auth" }, /URL/],
    [{ url: 1 }, /url is a URL/],
    [{ cookies: "codex.*" }, /cookies is a list/],
    [{ basePath: "api" }, /absolute paths/],
    [{ paths: { signOut: "out" } }, /absolute paths/],
    [{ domain: "a..b" }, /domain/],
    [{ cacheTtl: -1 }, /cacheTtl/],
    [{ timeout: Number.NaN }, /timeout/],
    [{ origin: "app" }, /URL/],
    [{ setCookieDomain: "localhost" }, /no parent domain/],
    [{ setCookieDomain: "127.0.0.1" }, /no parent domain/],
    [{ setCookieDomain: "a b" }, /domain/],
    [{ setCookieDomain: true }, /setCookieDomain/],
    [{ session: "cookie" }, /session is/],
    [{ pages: { magicLink: "//evil.example" } }, /local path/],
  ])("%j is refused", (options, message) => {
    const all = { url: "http://127.0.0.1:1", cookie: "c", ...options } as unknown as AuthBackendOptions;
    expect(() => authBackend(all)).toThrow(message);
  });
});

describe("a backend with a JSON Web Token and nobody to ask", () => {
  const NOW = Math.floor(Date.now() / 1000);
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = (claims: unknown) => `${encode({ alg: "HS256" })}.${encode(claims)}.c2ln`;
  const auth = (options: Partial<AuthBackendOptions> = {}) =>
    authBackend({
      url: "http://127.0.0.1:1",
      cookie: "auth-token",
      session: "jwt",
      fetch: () => Promise.reject(new Error("called")),
      ...options,
    });
  const ask = (of: Auth, value: string) =>
    of.getSession(new Request("https://app.my.example/", { headers: { cookie: `auth-token=${value}` } }));

  test("its exp is read, no call is made, and nobody has a role by his own word", async () => {
    const claims = { sub: "u1", email: "a@b", role: "admin", emailVerified: true, exp: NOW + 60, iat: 0 };
    const answer = await ask(auth(), token(claims));
    expect(answer).toMatchObject({
      status: "authenticated",
      user: { id: "u1", email: "a@b", name: null, role: "", emailVerified: false },
      session: { userId: "u1", expiresAt: new Date((NOW + 60) * 1000).toISOString() },
      setCookies: [],
    });
    expect(JSON.stringify(answer)).not.toContain("c2ln");
  });

  test.each([
    ["is over", token({ sub: "u1", exp: NOW - 1 })],
    ["never ends", token({ sub: "u1" })],
    ["ends beyond all dates", token({ sub: "u1", exp: 1e300 })],
    ["names nobody", token({ exp: NOW + 60 })],
    ["is none", "x.y.z"],
    ["stands twice", `${token({ sub: "u1", exp: NOW + 60 })}; auth-token=x`],
  ])("one that %s is nobody, and is cleared", async (_, value) => {
    const { status, setCookies } = await ask(auth(), value);
    expect(status).toBe("anonymous");
    const domain = value.includes("; ") ? "Domain=app.my.example; " : "";
    expect(setCookies[0]).toBe(`auth-token=; Max-Age=0; ${domain}Path=/; HttpOnly; SameSite=Lax; Secure`);
  });

  test("an app says itself what claims mean", async () => {
    const claims = (of: Record<string, unknown>) => {
      const { userID } = of.properties as { userID: string };
      return { id: userID, email: "", name: null, role: "", emailVerified: false, createdAt: "" };
    };
    const answer = await ask(
      auth({ claims }),
      token({ type: "user", properties: { userID: "u7", accessToken: "x" }, exp: NOW + 60 }),
    );
    expect(answer.user?.id).toBe("u7");
    expect((await ask(auth({ claims: () => null }), token({ sub: "a", exp: NOW + 60 }))).status).toBe(
      "anonymous",
    );
  });

  test("its link comes back through the app with a cookie for both hosts; signing out clears it", async () => {
    const line =
      "auth-token=a.b.c; Path=/; Domain=.api.my.example; HttpOnly; Secure; SameSite=Lax; Priority=High";
    const calls: string[] = [];
    const of = auth({
      setCookieDomain: "my.example",
      fetch: async (url) => {
        calls.push(String(url));
        return new Response(null, {
          status: 302,
          headers: { location: "https://app.my.example/library", "set-cookie": line },
        });
      },
    });
    const back = await of.handler(new Request("https://app.my.example/api/auth/link/callback?token=t"));
    expect(calls).toEqual(["http://127.0.0.1:1/api/auth/link/callback?token=t"]);
    expect([back.status, back.headers.get("location")]).toEqual([302, "https://app.my.example/library"]);
    expect(back.headers.getSetCookie()).toEqual([
      "auth-token=a.b.c; Path=/; HttpOnly; Secure; SameSite=Lax; Priority=High; Domain=my.example",
    ]);
    const out = await of.handler(
      new Request("https://app.my.example/api/auth/sign-out", {
        method: "POST",
        headers: { origin: "https://app.my.example", cookie: "auth-token=a.b.c" },
      }),
    );
    expect(out.headers.getSetCookie()).toContain(
      "auth-token=; Max-Age=0; Domain=my.example; Path=/; HttpOnly; SameSite=Lax; Secure",
    );
    expect(calls).toHaveLength(1);
    const forged = new Request("https://app.my.example/api/auth/sign-out", {
      method: "POST",
      headers: { origin: "https://evil.example", cookie: "auth-token=a.b.c" },
    });
    expect((await of.handler(forged)).status).toBe(403);
  });
});
