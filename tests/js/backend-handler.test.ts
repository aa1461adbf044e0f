// The handler in front of a backend that answers as it is told. tests/js/backend.test.ts has the real one.
import type { ServerResponse } from "node:http";
import { request as httpRequest } from "node:http";
import { type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, type Received, upstream } from "./support/serve.ts";

const SID = "codex-session=tok.sig";
const SESSION = JSON.stringify({ session: { id: "s", userId: "u" }, user: { id: "u" } });

/** A backend that knows the session until `end` is called, and an app in front of it. */
async function setup(
  options: Partial<AuthBackendOptions> = {},
  answer: (received: Received, response: ServerResponse) => void = (_, response) =>
    response.writeHead(200, { "content-type": "text/plain" }).end("ok"),
) {
  const { origin: url, log } = await upstream((received, response) => {
    if (received.method === "GET" && received.url === "/api/auth/get-session") response.end(SESSION);
    else answer(received, response);
  });
  const auth = authBackend({ url, cookie: "codex-session", ...options });
  // A later backend may get the same port.
  onTestFinished(() => auth.purge());
  const origin = await app(auth.handler);
  const lookups = () => log.filter(({ url }) => url === "/api/auth/get-session").length;
  const ask = (cookie: string) => auth.getSession(new Request("http://app/", { headers: { cookie } }));
  return { auth, origin, url, log, lookups, ask };
}

const json = (value: unknown) => (_: unknown, response: ServerResponse) => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
};

describe("what reaches the backend", () => {
  test("its own paths, with method, query, body and cookies; nothing else of the client's", async () => {
    const { origin, log } = await setup({ clientAddress: () => "192.0.2.7" });
    await send(origin, "/api/auth/sign-in/email?a=b%20c&d", {
      method: "POST",
      headers: {
        ...PROOF,
        "content-type": "application/json",
        "user-agent": "test",
        cookie: `theme=dark; ${SID}; access_token=x; codex.state=y`,
        authorization: "Bearer x",
        "x-forwarded-for": "203.0.113.9",
        "x-forwarded-host": "evil.example",
        "x-real-ip": "203.0.113.9",
        forwarded: "for=203.0.113.9",
        "x-http-method-override": "DELETE",
        "x-user-id": "1",
        referer: "http://evil.example/",
      },
      body: '{"email":"a"}',
    });
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({
      method: "POST",
      url: "/api/auth/sign-in/email?a=b%20c&d",
      body: '{"email":"a"}',
    });
    const { headers } = log[0] as Received;
    expect(headers).toMatchObject({
      origin,
      cookie: `${SID}; codex.state=y`,
      "content-type": "application/json",
      "user-agent": "test",
      "x-forwarded-for": "192.0.2.7",
    });
    const forged = ["authorization", "x-forwarded-host", "x-real-ip", "forwarded", "referer", "x-user-id"];
    for (const name of [...forged, "x-http-method-override"]) expect(headers[name]).toBeUndefined();
  });

  test("checklist 23: a client's X-Forwarded-For never passes, nor does its X-Forwarded-Host make the origin", async () => {
    const { origin, log } = await setup();
    const headers = { ...PROOF, "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "evil.example" };
    await send(origin, "/api/auth/ok", { method: "POST", headers });
    expect(log[0]?.headers.origin).toBe(origin);
    expect(log[0]?.headers["x-forwarded-for"]).toBeUndefined();
  });

  test.each([
    "/api/auth",
    "/api/auth/",
    "/api/authority/ok",
    "/api/auth/ok/",
    "/api/auth//ok",
    "/api/auth/..%2f..%2foutbox",
    "/api/auth/%2e%2e/%2e%2e/outbox",
    "/api/auth/a%5c..%5cb",
    "/outbox",
  ])("%s does not", async (path) => {
    const { origin, log } = await setup();
    const answer = await send(origin, path, { headers: PROOF });
    expect([answer.status, codeOf(answer)]).toEqual([404, "unknown-target"]);
    expect(log).toEqual([]);
  });

  test("two session cookies of one name are none: a sibling subdomain can plant the first", async () => {
    const { origin, log } = await setup();
    await send(origin, "/api/auth/ok", { headers: { ...PROOF, cookie: `${SID}; codex-session=planted` } });
    expect(log[0]?.headers.cookie).toBeUndefined();
  });

  test("a body beyond the limit does not", async () => {
    const { origin, log } = await setup({ bodyLimit: 10 });
    const answer = await send(origin, "/api/auth/ok", {
      method: "POST",
      headers: PROOF,
      body: "x".repeat(11),
    });
    expect([answer.status, codeOf(answer)]).toEqual([413, "body-too-large"]);
    expect(log).toEqual([]);
  });
});

describe("where a request comes from", () => {
  const own = { "sec-fetch-site": "same-origin" };

  test.each(["GET", "HEAD", "PUT", "DELETE"])("checklist 16: signing out by %s is 405", async (method) => {
    const { origin, log } = await setup();
    const answer = await send(origin, "/api/auth/sign-out", { method, headers: { ...PROOF, cookie: SID } });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("POST");
    expect(log).toEqual([]);
  });

  test.each([
    ["another site", { "sec-fetch-site": "cross-site", "x-httponly": "1" }],
    ["a sibling", { "sec-fetch-site": "same-site" }],
    ["nobody known", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["Origin: null", { origin: "null" }],
    ["no word at all", {}],
    ["a method override", { "x-http-method-override": "GET" }],
  ])("checklist 18, 19: %s sends nothing, whatever the body is", async (_, headers) => {
    const { origin, log } = await setup();
    const bodies = [undefined, "{}", "a=b"];
    const types = ["application/json", "text/plain", "multipart/form-data; boundary=x"];
    for (const path of ["/api/auth/sign-out", "/api/auth/sign-in/email"])
      for (const [i, type] of types.entries()) {
        const body = bodies[i];
        const answer = await send(origin, path, {
          method: "POST",
          headers: { ...headers, cookie: SID, "content-type": type },
          ...(body !== undefined && { body }),
        });
        expect([answer.status, codeOf(answer)]).toEqual([403, "cross-origin"]);
        expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
      }
    expect(log).toEqual([]);
  });

  test("the own origin does: by Fetch Metadata, by Origin, by x-httponly", async () => {
    const { origin, log } = await setup();
    for (const headers of [own, { origin }, { "x-httponly": "1" }]) {
      const answer = await send(origin, "/api/auth/sign-out", { method: "POST", headers });
      expect(answer.status).toBe(200);
    }
    expect(log).toHaveLength(3);
  });

  test("checklist 20: no preflight is answered", async () => {
    const { origin, log } = await setup();
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const answer = await send(origin, "/api/auth/sign-out", { method: "OPTIONS", headers });
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    expect(log).toEqual([]);
  });

  test("checklist 22: another site may navigate here, and reads nothing", async () => {
    const { origin, log } = await setup();
    const from = (mode: string, dest: string) =>
      send(origin, "/api/auth/verify-email?token=t", {
        headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": dest },
      });
    expect((await from("navigate", "document")).status).toBe(200);
    for (const [mode, dest] of [
      ["no-cors", "image"],
      ["navigate", "iframe"],
      ["cors", "empty"],
    ] as const)
      expect(codeOf(await from(mode, dest))).toBe("cross-origin");
    expect(log).toHaveLength(1);
  });
});

describe("what reaches the page", () => {
  test("checklist 5, 8: every Set-Cookie line, byte for byte, in order, and no cache keeps it", async () => {
    const lines = [
      "__Host-codex-session=a%2Bb=.c; Max-Age=86400; Path=/; HttpOnly; Secure; Priority=High; Partitioned",
      'x="1 2"; Expires=Thu, 01 Jan 2032 00:00:00 GMT; Domain=.my.example',
      "codex.session_data=; Max-Age=0",
      "codex.session_data=; Max-Age=0",
    ];
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(200, { "set-cookie": lines, "cache-control": "public, max-age=60" }).end("{}"),
    );
    const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
    expect(answer.headers["set-cookie"]).toEqual(lines);
    expect(answer.headers["cache-control"]).toBe("private, no-store");
    expect(answer.headers.vary).toBe("Cookie");
    // And what the backend shows runs nothing in the app.
    expect(answer.headers["content-security-policy"]).toBe("sandbox");
    expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  });

  test("checklist 9: no token, in whatever member, depth or spelling, and no header that carries one", async () => {
    const { origin } = await setup({}, (_, response) =>
      response
        .writeHead(200, {
          "content-type": "application/json; charset=utf-8",
          "set-auth-token": "SECRET",
          "set-auth-jwt": "SECRET",
          authorization: "Bearer SECRET",
        })
        .end(
          `{"token":"SECRET","session":{"token":"SECRET","id":"s"},"list":[{"\\u0074oken":"SECRET","n":1.50}],
            "access_token":"SECRET","url":"/é"}`,
        ),
    );
    const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
    expect(answer.body).toBe('{"session":{"id":"s"},"list":[{"n":1.50}],"url":"/é"}');
    expect(JSON.stringify(answer)).not.toContain("SECRET");
  });

  test("JSON that cannot be read does not pass", async () => {
    for (const body of ['{"token":"SECRET"', '{"token":"SECRET"}}', Buffer.from([0x7b, 0xff, 0x7d])]) {
      const { origin } = await setup({}, (_, response) =>
        response.writeHead(200, { "content-type": "application/json" }).end(body),
      );
      const answer = await send(origin, "/api/auth/x", { headers: PROOF });
      expect([answer.status, codeOf(answer)]).toEqual([503, "unavailable"]);
      expect(answer.body).not.toContain("SECRET");
    }
  });

  test("a redirect is passed on, not followed, and leads into the app", async () => {
    const { origin, url, log } = await setup({}, ({ headers: _, url: path }, response) =>
      response.writeHead(302, { location: new URLSearchParams(path.split("?")[1]).get("to") ?? "" }).end(),
    );
    const to = async (location: string) => {
      const answer = await send(origin, `/api/auth/verify-email?to=${encodeURIComponent(location)}`);
      expect(answer.status).toBe(302);
      return answer.headers.location;
    };
    expect(await to(`${url}/library?a=b#c`)).toBe("/library?a=b#c");
    expect(await to("/login?error=INVALID_TOKEN")).toBe("/login?error=INVALID_TOKEN");
    expect(await to("https://accounts.example/o?state=s")).toBe("https://accounts.example/o?state=s");
    for (const evil of [`${url}//evil.example`, "//evil.example", "/\\evil.example", "/.//evil.example"])
      expect(await to(evil)).toBe("/");
    expect(await to("javascript:alert(1)")).toBeUndefined();
    expect(log).toHaveLength(8);
  });

  test.each([
    [{ "x-retry-after": "900" }, "900"],
    [{ "retry-after": "5", "x-retry-after": "900" }, "5"],
    [{ "x-retry-after": "soon" }, undefined],
    [{ "retry-after": "soon", "x-retry-after": "900" }, "900"],
    [{ "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, "0"],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after": "1e9" }, undefined],
  ])("checklist 44: %j is Retry-After: %s", async (headers, expected) => {
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(429, { "content-type": "application/json", ...headers }).end('{"message":"many"}'),
    );
    const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
    expect(answer.status).toBe(429);
    expect(answer.headers["retry-after"]).toBe(expected);
    expect(answer.headers["x-retry-after"]).toBeUndefined();
    expect(JSON.parse(answer.body)).toMatchObject({ message: "many", error: { code: "rate-limited" } });
  });

  test("a date in Retry-After is seconds from now", async () => {
    const until = new Date(Date.now() + 120_000).toUTCString();
    const { origin } = await setup({}, (_, response) =>
      response.writeHead(429, { "content-type": "application/json", "retry-after": until }).end("{}"),
    );
    const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(110);
    expect(Number(answer.headers["retry-after"])).toBeLessThanOrEqual(120);
  });

  test.each([
    [
      "my.example",
      [
        "codex-session=a%2B=.b; Path=/; HttpOnly; Priority=High; Domain=my.example",
        "__Host-codex.x=1; Path=/; Secure",
        "codex.y=2; Expires=Sun, 22 Nov 2026 01:34:33 GMT; Domain=my.example",
      ],
    ],
    [
      false,
      [
        "codex-session=a%2B=.b; Path=/; HttpOnly; Priority=High",
        "__Host-codex.x=1; Path=/; Secure",
        "codex.y=2; Expires=Sun, 22 Nov 2026 01:34:33 GMT",
      ],
    ],
  ] as const)(
    "checklist 4, 5: with setCookieDomain %s, lines change in that alone",
    async (setCookieDomain, expected) => {
      const lines = [
        "codex-session=a%2B=.b; Path=/; DOMAIN=.auth.example; HttpOnly; Priority=High",
        "__Host-codex.x=1; Path=/; Secure",
        "codex.y=2; Expires=Sun, 22 Nov 2026 01:34:33 GMT",
      ];
      const { origin } = await setup({ setCookieDomain }, (_, response) =>
        response.writeHead(200, { "set-cookie": lines, "content-type": "application/json" }).end("{}"),
      );
      const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
      expect(answer.headers["set-cookie"]).toEqual(expected);
    },
  );

  test("a stream arrives as it comes", async () => {
    let end = () => {};
    const { origin } = await setup({}, (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      end = () => response.end("data: 2\n\n");
    });
    const chunks: string[] = [];
    await new Promise<void>((done, failed) => {
      const { port } = new URL(origin);
      httpRequest({ host: "127.0.0.1", port, path: "/api/auth/events", agent: false }, (response) => {
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk.toString());
          end();
        });
        response.on("end", done);
      })
        .on("error", failed)
        .end();
    });
    expect(chunks).toEqual(["data: 1\n\n", "data: 2\n\n"]);
  });

  test("a backend that fails, is not there, or takes too long: 503 and nothing of what it said", async () => {
    const failing = await setup({}, (_, response) => response.writeHead(500).end("stack trace"));
    const silent = await setup({ timeout: 80 }, () => {});
    const gone = await setup({ url: "http://127.0.0.1:1" });
    for (const { origin } of [failing, silent, gone]) {
      const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
      expect([answer.status, codeOf(answer)]).toEqual([503, "unavailable"]);
      expect(answer.headers["set-cookie"]).toBeUndefined();
      expect(answer.body).not.toContain("stack");
      expect(answer.headers["cache-control"]).toBe("private, no-store");
    }
  });
});

test("an answer that stops half-way is no answer when the time is over", async () => {
  const { origin, auth } = await setup({ timeout: 100 }, (_, response) => {
    response.writeHead(200, { "content-type": "application/json" }).write('{"user":');
  });
  const answer = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
  expect([answer.status, codeOf(answer)]).toEqual([503, "unavailable"]);
  const throwing = authBackend({
    url: "http://127.0.0.1:1",
    cookie: "codex-session",
    fetch: () => {
      throw new Error("no network");
    },
  });
  expect((await throwing.handler(new Request("http://app/api/auth/ok"))).status).toBe(503);
  auth.purge();
});

describe("what a request does to the cache", () => {
  const other = "codex-session=other.sig";

  test("any that is no GET drops its token's entry and no other's", async () => {
    const { origin, ask, lookups } = await setup({}, json({ status: true }));
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      await ask(SID);
      await ask(other);
      const before = lookups();
      await send(origin, "/api/auth/update-session", { method, headers: { ...PROOF, cookie: SID } });
      await ask(other);
      expect(lookups()).toBe(before);
      await ask(SID);
      expect(lookups()).toBe(before + 1);
    }
  });

  test("reading a session drops nothing; following a link from a mail does", async () => {
    const { origin, ask, lookups } = await setup();
    await ask(SID);
    await send(origin, "/api/auth/get-session", { headers: { ...PROOF, cookie: SID } });
    const before = lookups();
    await ask(SID);
    expect(lookups()).toBe(before);
    await send(origin, "/api/auth/verify-email?token=t", { headers: { cookie: SID } });
    await ask(SID);
    expect(lookups()).toBe(before + 1);
  });

  test("a sign-out that the backend never answered drops the entry too", async () => {
    const { origin, ask, lookups } = await setup({ timeout: 80 }, () => {});
    await ask(SID);
    await send(origin, "/api/auth/sign-out", { method: "POST", headers: { ...PROOF, cookie: SID } });
    await ask(SID);
    expect(lookups()).toBe(2);
  });

  test("a sign-out whose visitor has left ends the session here too, once the backend has ended it", async () => {
    let end = () => {};
    let ended = false;
    const { origin: url } = await upstream(({ method }, response) => {
      if (method === "GET") response.end(ended ? "null" : SESSION);
      else
        end = () => {
          ended = true;
          json({ success: true })(0, response);
        };
    });
    const auth = authBackend({ url, cookie: "codex-session" });
    onTestFinished(() => auth.purge());
    const ask = () => auth.getSession(new Request("http://app/", { headers: { cookie: SID } }));
    const visitor = new AbortController();
    const headers = { ...PROOF, cookie: SID };
    const init = { method: "POST", headers, signal: visitor.signal };
    const signout = auth.handler(new Request("http://app/api/auth/sign-out", init));
    await new Promise((done) => setTimeout(done, 30));
    visitor.abort();
    expect((await ask()).status).toBe("authenticated");
    end();
    await signout;
    expect((await ask()).status).toBe("anonymous");
  });

  test("a cookie that is renewed while the user is asked for is not lost", async () => {
    const renewed = `${SID}; Max-Age=86400`;
    const { origin: url } = await upstream(({ method }, response) => {
      if (method === "GET") response.writeHead(200, { "set-cookie": renewed }).end(SESSION);
      else response.writeHead(200, { "set-cookie": "own=1" }).end("{}");
    });
    const auth = authBackend({ url, cookie: "codex-session" });
    const headers = { ...PROOF, cookie: SID };
    const origin = await app(auth.handler);
    const answer = await send(origin, "/api/auth/revoke-other-sessions", { method: "POST", headers });
    expect(answer.headers["set-cookie"]).toEqual([renewed, "own=1"]);
  });

  test("ending a user's other sessions drops them all, and a password reset everyone's", async () => {
    const { origin, ask, lookups } = await setup({}, json({ status: true }));
    for (const path of ["revoke-other-sessions", "reset-password"]) {
      await ask(SID);
      await ask(other);
      const headers = { ...PROOF, ...(path !== "reset-password" && { cookie: SID }) };
      await send(origin, `/api/auth/${path}`, { method: "POST", headers });
      const before = lookups();
      await ask(SID);
      await ask(other);
      expect(lookups()).toBe(before + 2);
    }
  });

  test("whoever ends sessions of his own again and again makes nobody else wait", async () => {
    const held: ServerResponse[] = [];
    const { origin: url } = await upstream(({ method, headers }, response) => {
      if (method === "POST") json({ status: true })(0, response);
      else if (headers.cookie === SID) response.end(SESSION);
      else held.push(response);
    });
    const auth = authBackend({ url, cookie: "codex-session" });
    onTestFinished(() => auth.purge());
    const origin = await app(auth.handler);
    const grace = new Request("http://app/", { headers: { cookie: "codex-session=grace.sig" } });
    const asked = auth.getSession(grace);
    while (held.length === 0) await new Promise((done) => setTimeout(done, 2));
    const headers = { ...PROOF, cookie: SID };
    await send(origin, "/api/auth/revoke-other-sessions", { method: "POST", headers });
    held.shift()?.end(SESSION.replaceAll('"u"', '"grace"'));
    expect(await asked).toMatchObject({ status: "authenticated", user: { id: "grace" } });
    expect(held).toHaveLength(0);
  });

  test("a look-up under way that turns out to be of the user whose sessions ended is not believed", async () => {
    const held: ServerResponse[] = [];
    const { origin: url } = await upstream(({ method, headers }, response) => {
      if (method === "POST") json({ status: true })(0, response);
      else if (headers.cookie === SID) response.end(SESSION);
      else held.push(response);
    });
    const auth = authBackend({ url, cookie: "codex-session" });
    onTestFinished(() => auth.purge());
    const origin = await app(auth.handler);
    const next = async () => {
      while (held.length === 0) await new Promise((done) => setTimeout(done, 2));
      return held.shift();
    };
    const asked = auth.getSession(new Request("http://app/", { headers: { cookie: other } }));
    const first = await next();
    const headers = { ...PROOF, cookie: SID };
    await send(origin, "/api/auth/revoke-other-sessions", { method: "POST", headers });
    first?.end(SESSION);
    (await next())?.end("null");
    expect((await asked).status).toBe("anonymous");
  });

  test("where nobody could tell whose sessions ended, none is known any more", async () => {
    let status = 200;
    const { origin: url, log } = await upstream(({ method }, response) => {
      if (method === "POST") json({ status: true })(0, response);
      else response.writeHead(status).end(SESSION);
    });
    const auth = authBackend({ url, cookie: "codex-session" });
    onTestFinished(() => auth.purge());
    const origin = await app(auth.handler);
    const ask = () => auth.getSession(new Request("http://app/", { headers: { cookie: other } }));
    await ask();
    status = 429;
    const headers = { ...PROOF, cookie: SID };
    await send(origin, "/api/auth/revoke-sessions", { method: "POST", headers });
    status = 200;
    const before = log.length;
    await ask();
    expect(log.length).toBe(before + 1);
  });
});
