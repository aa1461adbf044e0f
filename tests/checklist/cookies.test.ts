// Points 1 to 9 of the security checklist: the session's cookies.
import type { ServerResponse } from "node:http";
import { authBackend, cookieEndpoint, parseSetCookie, serializeSetCookie } from "httponly/server";
import { describe, expect, test } from "vitest";
import { ADA, Browser, textOf } from "../js/support/auth.ts";
import { codeOf, PROOF, send } from "../js/support/send.ts";
import { app, type Received, upstream } from "../js/support/serve.ts";
import { sessionLines, world } from "./support.ts";

/** An app in front of a backend that answers as it is told. */
async function told(
  answer: (received: Received, response: ServerResponse) => void,
  options: Partial<Parameters<typeof authBackend>[0]> = {},
) {
  const { origin: url, log } = await upstream(answer);
  const auth = authBackend({ url, cookie: "codex-session", ...options });
  return { auth, log, origin: await app(auth.handler) };
}

/** A request for a page with this Cookie header. */
const page = (cookie: string, url = "https://app.my.example/") => new Request(url, { headers: { cookie } });

const nobody = (_: Received, response: ServerResponse) =>
  response.writeHead(200, { "content-type": "application/json" }).end("null");

const codes = (...calls: (() => unknown)[]) =>
  calls.map((call) => {
    try {
      return call();
    } catch (thrown) {
      return (thrown as { code: string }).code;
    }
  });

describe("cookies", () => {
  test("checklist 1: the session cookie is __Secure-, Secure, HttpOnly, SameSite=Lax, Path=/, host-only", async () => {
    const { origin } = await world({ secure: true });
    const lines = sessionLines(await new Browser(origin).signin());
    expect(lines).toHaveLength(1);
    const cookie = parseSetCookie(lines[0] ?? "");
    expect(cookie).toMatchObject({
      name: "__Secure-codex-session",
      secure: true,
      httpOnly: true,
      sameSite: "Lax",
      path: "/",
    });
    expect(cookie?.domain).toBeUndefined();
  });

  test("checklist 2: a Domain that is none is refused, typed; where it gains nothing, none is written", async () => {
    const declare = (domain: string) => () =>
      authBackend({ url: "http://127.0.0.1:9", cookie: "sid", domain });
    expect(codes(declare("my example"), declare("a;b"), declare("a\r\nb"))).toEqual(
      Array(3).fill("domain-invalid"),
    );
    // Decided otherwise: the endpoint writes the host's Domain by default, as the cookie specification says.
    const endpoint = cookieEndpoint();
    const domainAt = async (host: string) => {
      const asked = new Request(`https://${host}/.nordcraft/cookies/set-cookie`, {
        method: "POST",
        headers: { ...PROOF, "content-type": "application/json" },
        body: JSON.stringify({ name: "theme", value: "dark" }),
      });
      const [line = ""] = (await endpoint(asked)).headers.getSetCookie();
      return parseSetCookie(line)?.domain;
    };
    expect(await domainAt("app.my.example")).toBe("app.my.example");
    for (const host of ["localhost", "127.0.0.1", "[::1]", "intranet"])
      expect([host, await domainAt(host)]).toEqual([host, undefined]);
  });

  test("checklist 3: 4096 bytes are the limit, and a part of a session is none", async () => {
    expect(codes(() => serializeSetCookie("a", "x".repeat(4096)))).toEqual(["too-large"]);
    expect(serializeSetCookie("a", "x".repeat(4095))).toHaveLength(4097);
    const { auth, log } = await told(nobody);
    const beyond = `codex-session=${"x".repeat(4096)}`;
    const answer = await auth.getSession(page(beyond));
    expect(answer.status).toBe("anonymous");
    expect(answer.setCookies[0]).toMatch(/^codex-session=; Max-Age=0/);
    // The copy that a backend keeps in the cookie, whole or some chunks of it, is no session.
    for (const copy of ["codex.session_data=x", "codex.session_data.0=x", "codex.session_data.1=x"])
      expect((await auth.getSession(page(copy))).status).toBe("anonymous");
    expect(log).toEqual([]);
    // When the session is dead, every chunk goes with it.
    const dead = "codex-session=x.y; codex.session_data.0=a; codex.session_data.1=b";
    const { setCookies } = await auth.getSession(page(dead, "https://localhost/"));
    expect(setCookies.map((line) => line.split(";", 1)[0])).toEqual([
      "codex-session=",
      "codex.session_data.0=",
      "codex.session_data.1=",
    ]);
  });

  test("checklist 4: a __Host- cookie gets no Domain, in whatever case its prefix is written", async () => {
    for (const name of ["__Host-a", "__host-a", "__HOST-a"])
      expect([
        name,
        ...codes(() => serializeSetCookie(name, "x", { secure: true, path: "/", domain: "my.example" })),
      ]).toEqual([name, "prefix-violated"]);
    const { auth } = await told(nobody, { domain: "my.example" });
    const { setCookies } = await auth.getSession(page("__Host-codex-session=x.y"));
    expect(setCookies).toEqual(["__Host-codex-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"]);
    // What differs in case is another cookie, and no session.
    expect(await auth.getSession(page("__HOST-codex-session=x.y"))).toMatchObject({
      status: "anonymous",
      setCookies: [],
    });
  });

  test("checklist 4: where the backend's Domain is rewritten, a __Host- cookie still gets none", async () => {
    const lines = [
      "__Host-codex-session=a.b; Path=/; Secure",
      "__hOST-codex.x=1; Path=/; Secure",
      "codex.y=1",
    ];
    const { origin } = await told(
      (_, response) =>
        response.setHeader("set-cookie", lines).setHeader("content-type", "application/json").end("{}"),
      { setCookieDomain: "my.example" },
    );
    const { headers } = await send(origin, "/api/auth/sign-in/email", { method: "POST", headers: PROOF });
    const domains = (headers["set-cookie"] ?? []).map((line) => {
      const { name, domain } = parseSetCookie(line) ?? {};
      return [name, domain];
    });
    expect(domains).toContainEqual(["codex.y", "my.example"]);
    for (const [name, domain] of domains)
      if (/^__host-/i.test(name ?? "")) expect([name, domain]).toEqual([name, undefined]);
  });

  test("checklist 5: every Set-Cookie line passes byte for byte, in order, whatever it says", async () => {
    const lines = [
      "__Host-codex-session=a%2Bb=.c%3D; Path=/; Secure; HttpOnly; Priority=High; Partitioned",
      "codex.a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/; secure",
      'codex.b="quoted, value"; SameSite=Whatever; Unknown=x; Max-Age="1"',
      "codex.a=2; Path=/other",
      "codex.empty=; Max-Age=0",
    ];
    const { auth, origin } = await told(({ method }, response) => {
      response.setHeader("set-cookie", lines);
      response.setHeader("content-type", "application/json");
      response.end(method === "GET" ? '{"session":{"id":"s","userId":"u"},"user":{"id":"u"}}' : "{}");
    });
    const headers = { ...PROOF, "content-type": "application/json" };
    const path = "/api/auth/sign-in/email";
    expect((await send(origin, path, { method: "POST", headers, body: "{}" })).headers["set-cookie"]).toEqual(
      lines,
    );
    expect((await auth.getSession(page("codex-session=x.y"))).setCookies).toEqual(lines);
  });

  test("checklist 6: a cookie is deleted with its Domain, Path and Secure, and host-only", async () => {
    const { auth } = await told(nobody, { domain: "my.example" });
    const { setCookies } = await auth.getSession(page("__Secure-codex-session=x.y"));
    const rest = "; Path=/; HttpOnly; SameSite=Lax; Secure";
    expect(setCookies).toEqual([
      `__Secure-codex-session=; Max-Age=0${rest}`,
      `__Secure-codex-session=; Max-Age=0; Domain=my.example${rest}`,
    ]);
    // The backend's own deletion passes as it is.
    const { origin } = await world({ secure: true, domain: ".my.localhost" });
    const browser = new Browser(origin);
    const [set = ""] = sessionLines(await browser.signin());
    const [cleared = ""] = sessionLines(await browser.post("/api/auth/sign-out"));
    const scope = (line: string) => {
      const { domain, path, secure } = parseSetCookie(line) ?? {};
      return { domain, path, secure };
    };
    expect(parseSetCookie(cleared)?.maxAge).toBe(0);
    expect(scope(cleared)).toEqual(scope(set));
    expect(scope(set)).toEqual({ domain: "my.localhost", path: "/", secure: true });
  });

  test.each(["\r", "\n", "\0", ";"])(
    "checklist 7: %j ends no header and begins no attribute",
    async (char) => {
      const bad = `a${char}b`;
      const refused = codes(
        () => serializeSetCookie(bad, "x"),
        () => serializeSetCookie("a", "x", { path: `/${bad}` }),
        () => serializeSetCookie("a", "x", { domain: `${bad}.example` }),
        () => authBackend({ url: "http://127.0.0.1:9", cookie: bad }),
      );
      expect(refused).toEqual(["name-invalid", "path-invalid", "domain-invalid", "name-invalid"]);
      // In a value the one that can be encoded is, and the others are refused.
      const value = codes(() => serializeSetCookie("a", bad));
      expect(value).toEqual([char === ";" ? "a=a%3Bb" : "value-invalid"]);

      const origin = await app(cookieEndpoint());
      for (const field of ["name", "path"]) {
        const answer = await send(origin, "/.nordcraft/cookies/set-cookie", {
          method: "POST",
          headers: { ...PROOF, "content-type": "application/json" },
          body: JSON.stringify({ name: "theme", value: "x", path: "/", [field]: `/${bad}` }),
        });
        expect([field, answer.status, answer.headers["set-cookie"]]).toEqual([field, 400, undefined]);
      }
    },
  );

  test("checklist 8: what sets a cookie or tells of a session is private, no-store, and varies by Cookie", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    await browser.signin(ADA.email, "wrong-password");
    await browser.signin();
    await browser.get("/api/auth/get-session");
    await browser.get("/api/auth/list-sessions");
    await browser.post("/api/auth/sign-out");
    await backend.close();
    await browser.get("/api/auth/get-session");
    expect(browser.seen.map(({ status }) => status)).toEqual([401, 200, 200, 200, 200, 503]);
    for (const { headers } of browser.seen)
      expect([headers["cache-control"], headers.vary]).toEqual(["private, no-store", "Cookie"]);
  });

  test("checklist 9: no token outside Set-Cookie, in answers of the backend that hand it out", async () => {
    const { origin, backend } = await world();
    const browser = new Browser(origin);
    const asked = [
      await browser.post("/api/auth/sign-up/email", {
        email: "n@example.com",
        password: "long-enough-1",
        name: "N",
      }),
      await browser.signin(),
      await browser.get("/api/auth/get-session"),
      await browser.get("/api/auth/list-sessions"),
      await browser.get("/me"),
      await browser.get("/api/auth/verify-email?token=wrong"),
      await browser.post("/api/auth/sign-in/email", { email: 1 }),
    ];
    const tokens = backend.tables.session.map(({ token }) => token as string);
    expect(tokens.length).toBeGreaterThan(1);
    // The backend says them: what is looked for is there to be found.
    const direct = await send(backend.url, "/api/auth/get-session", { headers: { cookie: browser.cookie } });
    expect(tokens.some((token) => direct.body.includes(token))).toBe(true);
    for (const answer of asked) for (const token of tokens) expect(textOf(answer)).not.toContain(token);
    const unknown = await browser.post("/api/auth/sign-out", {}, { "sec-fetch-site": "cross-site" });
    expect(codeOf(unknown)).toBe("cross-origin");
    for (const token of tokens) expect(textOf(unknown)).not.toContain(token);
  });
});
