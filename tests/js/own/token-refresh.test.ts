/** Tokens of an API that renew themselves. */
import {
  type BearerToken,
  HttpOnlyError,
  parseSetCookie,
  type TokenRefreshOptions,
  tokenRefresh,
} from "httponly/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import { listen } from "./providers.ts";

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (seconds: number, more: object = {}) =>
  `${encode({ alg: "RS256" })}.${encode({ exp: Math.floor(Date.now() / 1000) + seconds, ...more })}.signature`;

afterEach(() => void vi.useRealTimers());

/** A token endpoint that rotates refresh tokens, and takes a second use for theft. */
async function endpoint(answer?: (token: string) => { status: number; body: unknown } | undefined) {
  const seen: string[] = [];
  const used = new Set<string>();
  const url = await listen(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const token = new URLSearchParams(body).get("refresh_token") ?? "";
    seen.push(body);
    const own = answer?.(token);
    const [status, said] = own
      ? [own.status, own.body]
      : used.has(token)
        ? [400, { error: "invalid_grant" }]
        : [
            200,
            { access_token: jwt(600, { n: seen.length }), refresh_token: `${token}+`, token_type: "bearer" },
          ];
    if (status === 200) used.add(token);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
  return { url: `${url}/token`, seen };
}

const request = (cookies: Record<string, string>) =>
  new Request("https://app.example/api/proxy/api/items", {
    headers: {
      cookie: Object.entries(cookies)
        .map((pair) => pair.join("="))
        .join("; "),
    },
  });

/** The cookies after these lines. */
function jarAfter(cookies: Record<string, string>, { setCookies = [] }: BearerToken): Record<string, string> {
  const jar = { ...cookies };
  for (const line of setCookies) {
    const { name, value, maxAge } = parseSetCookie(line) ?? { name: "", value: "" };
    if (maxAge !== undefined && maxAge <= 0) delete jar[name];
    else jar[name] = value;
  }
  return jar;
}

const make = (options: Partial<TokenRefreshOptions>) =>
  tokenRefresh({ access: "access", refresh: "refresh", ...options });

describe("a token", () => {
  it("that lives is spent as it is, and one that is absent is 401", async () => {
    const { url, seen } = await endpoint();
    const bearer = make({ url });
    const access = jwt(60);
    expect(await bearer(request({ access, refresh: "r" }))).toEqual({ token: access });
    expect(await bearer(request({ access: "opaque", refresh: "r" }))).toEqual({ token: "opaque" });
    expect(await bearer(request({ access: jwt(-60) }))).toBeNull();
    expect(await bearer(request({}))).toBeNull();
    expect(seen).toEqual([]);
  });

  it("R15 C30 that is over is refreshed once for five at once and one late: six answers", async () => {
    const { url, seen } = await endpoint();
    const bearer = make({ url, clientId: "app", clientSecret: "s" });
    const cookies = { access: jwt(-60), refresh: "r" };
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => bearer(request(cookies))));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 50_000 });
    answers.push(await bearer(request(cookies)));
    expect(seen).toEqual(["grant_type=refresh_token&refresh_token=r&client_id=app&client_secret=s"]);
    expect(new Set(answers.map((answer) => answer?.token)).size).toBe(1);
    for (const answer of answers) {
      const jar = jarAfter(cookies, answer as BearerToken);
      expect(jar).toEqual({ access: answer?.token, refresh: "r+" });
    }
    // Whoever took the new cookies goes on with them.
    const next = jarAfter({ access: jwt(-1), refresh: "r" }, answers[0] as BearerToken);
    expect((await bearer(request({ ...next, access: jwt(-60) })))?.token).not.toBe(answers[0]?.token);
    expect(seen.length).toBe(2);
  });

  it("that is absent beside a refresh token is fetched", async () => {
    const { url } = await endpoint();
    const answer = await make({ url })(request({ "__Host-refresh": "r" }));
    expect(Object.keys(jarAfter({ "__Host-refresh": "r" }, answer as BearerToken)).sort()).toEqual([
      "__Host-access",
      "__Host-refresh",
    ]);
    for (const line of answer?.setCookies ?? [])
      expect(line).toMatch(/; HttpOnly; SameSite=Lax; Secure; Path=\//);
  });

  it("is never fetched by one of two refresh tokens", async () => {
    const { url, seen } = await endpoint();
    const twice = new Request("https://app.example/", { headers: { cookie: "refresh=a; refresh=b" } });
    expect(await make({ url })(twice)).toBeNull();
    const spelled = new Request("https://app.example/", {
      headers: { cookie: "refresh=a; __Secure-refresh=b" },
    });
    expect(await make({ url })(spelled)).toBeNull();
    expect(seen).toEqual([]);
  });

  it("lives as long as it says, and in one cookie", async () => {
    const { url } = await endpoint(() => ({
      status: 200,
      body: { access_token: "opaque", expires_in: 120 },
    }));
    const answer = await make({ url })(request({ refresh: "r" }));
    const set = answer?.setCookies?.filter((line) => !line.includes("Max-Age=0"));
    expect(set).toEqual([expect.stringMatching(/^access=opaque;.*Max-Age=120/)]);
    expect(
      answer?.setCookies?.filter((line) => line.includes("Domain=app.example") && line.includes("Max-Age=0"))
        .length,
    ).toBe(1);
  });
});

describe("a refresh token", () => {
  it("that is refused signs out", async () => {
    for (const [status, body] of [
      [400, { error: "invalid_grant" }],
      [401, {}],
      [200, { error: "bad_refresh_token" }],
    ] as const) {
      const { url } = await endpoint(() => ({ status, body }));
      const cookies = { access: jwt(-60), refresh: "r" };
      const answer = await make({ url })(request(cookies));
      expect(answer?.token).toBeNull();
      expect(jarAfter(cookies, answer as BearerToken)).toEqual({});
    }
  });

  it("is kept where the provider is away, and nothing is remembered of that", async () => {
    let away = true;
    const { url, seen } = await endpoint(() => (away ? { status: 503, body: {} } : undefined));
    const bearer = make({ url });
    const cookies = { access: jwt(-60), refresh: "r" };
    const failed = await bearer(request(cookies)).then(undefined, (error: unknown) => error);
    expect(failed).toBeInstanceOf(HttpOnlyError);
    expect(failed).toMatchObject({ code: "unavailable", status: 503 });
    away = false;
    expect((await bearer(request(cookies)))?.token).toMatch(/^ey/);
    expect(seen.length).toBe(2);
    for (const unreachable of ["http://127.0.0.1:9/token", "http://localhost:9/token"])
      await expect(make({ url: unreachable })(request(cookies))).rejects.toMatchObject({
        code: "unavailable",
      });
    const misconfigured = await endpoint(() => ({ status: 401, body: { error: "invalid_client" } }));
    await expect(make({ url: misconfigured.url })(request(cookies))).rejects.toMatchObject({
      code: "unavailable",
    });
  });

  it("may be exchanged by the app", async () => {
    const seen: unknown[] = [];
    const bearer = tokenRefresh({
      access: "id_token",
      refresh: "refresh",
      field: "id_token",
      exchange: (token, { platform }) => {
        seen.push([token, platform]);
        if (token === "gone") return null;
        if (token === "broken") throw new Error("secret");
        return { id_token: jwt(600), access_token: "not this one", refresh_token: "next" };
      },
    });
    const answer = await bearer(request({ refresh: "r" }), { env: 1 });
    expect(jarAfter({}, answer as BearerToken)).toEqual({ id_token: answer?.token, refresh: "next" });
    expect(seen).toEqual([["r", { env: 1 }]]);
    expect((await bearer(request({ refresh: "gone" })))?.token).toBeNull();
    await expect(bearer(request({ refresh: "broken" }))).rejects.toMatchObject({ code: "unavailable" });
  });
});

it("options that are none throw by name", () => {
  for (const [options, name] of [
    [{}, /url or exchange/],
    [{ url: "https://a.example", exchange: () => null }, /url or exchange/],
    [{ url: "http://id.example/token" }, /url/],
    [{ url: "https://a.example", acess: "a" }, /acess/],
    [{ url: "https://a.example", access: "" }, /access/],
    [{ url: "https://a.example", refresh: "a b" }, /cookie name/],
    [{ url: "https://a.example", field: "token" }, /field/],
    [{ url: "https://a.example", clientSecret: 7 }, /clientSecret/],
    [{ url: "https://a.example", domain: "localhost" }, /parent domain/],
  ] as const)
    expect(() => make(options as never)).toThrow(name);
});
