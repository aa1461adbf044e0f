/** Bearer tokens that a function gives, through the proxy and during SSR. */
import { apiProxy, type BearerSource, HttpOnlyError, tokenRefresh } from "httponly/server";
import { proxyHandleFetch, sessionHandle } from "httponly/sveltekit";
import { describe, expect, it } from "vitest";
import { listen } from "./providers.ts";

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (seconds: number, n = 0) =>
  `${encode({ alg: "RS256" })}.${encode({ exp: Math.floor(Date.now() / 1000) + seconds, n })}.s`;
const PROOF = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };

async function start(
  answer: (token: string, count: number) => [number, object] = (token, n) => [
    200,
    { access_token: jwt(600, n), refresh_token: `${token}+` },
  ],
) {
  const refreshes: string[] = [];
  const calls: (string | undefined)[] = [];
  const id = await listen(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const token = new URLSearchParams(body).get("refresh_token") ?? "";
    refreshes.push(token);
    await new Promise((done) => setTimeout(done, 50));
    const [status, said] = answer(token, refreshes.length);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
  const api = await listen((request, response) => {
    calls.push(request.headers.authorization);
    response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=60" }).end("{}");
  });
  const bearer = tokenRefresh({ access: "access", refresh: "refresh", url: `${id}/token` });
  const targets = { api: { url: api, authorization: { bearer } } };
  return { refreshes, calls, api, targets, bearer, proxy: apiProxy({ targets }) };
}

const call = (cookie: string, headers: Record<string, string> = PROOF) =>
  new Request("https://app.example/api/proxy/api/items", { headers: { ...headers, cookie } });
const expired = () => `access=${jwt(-60)}; refresh=r`;

describe("through the proxy", () => {
  it("R15 C30 five calls on an expired token and one late: one refresh, six answers", async () => {
    const { proxy, refreshes, calls } = await start();
    const cookie = expired();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => proxy(call(cookie))));
    answers.push(await proxy(call(cookie)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(refreshes).toEqual(["r"]);
    expect(new Set(calls).size).toBe(1);
    expect(calls[0]).toMatch(/^Bearer ey/);
    for (const { headers } of answers) {
      const lines = headers.getSetCookie().filter((line) => !line.includes("Max-Age=0"));
      expect(lines).toEqual([
        expect.stringMatching(/^access=ey/),
        expect.stringMatching(/^refresh=r\+|^refresh=r%2B/),
      ]);
      expect(headers.get("cache-control")).toBe("private, no-store");
    }
  });

  it("a token that lives is spent, and no cookie is set", async () => {
    const { proxy, refreshes, calls } = await start();
    const answer = await proxy(call(`access=${jwt(60)}; refresh=r`));
    expect([answer.status, answer.headers.getSetCookie(), refreshes]).toEqual([200, [], []]);
    expect(calls.length).toBe(1);
  });

  it("a refused refresh token is 401, both cookies are cleared, and nothing is called", async () => {
    const { proxy, calls } = await start(() => [400, { error: "invalid_grant" }]);
    const answer = await proxy(call(expired()));
    expect([answer.status, (await answer.json()).error.code]).toEqual([401, "unauthenticated"]);
    const cleared = answer.headers
      .getSetCookie()
      .filter((line) => line.includes("Max-Age=0") && !line.includes("Domain"));
    expect(cleared.map((line) => line.split("=")[0])).toEqual(["access", "refresh"]);
    expect(answer.headers.get("cache-control")).toMatch(/no-store/);
    expect(calls).toEqual([]);
  });

  it("a provider that is away is 503, and keeps the cookies", async () => {
    let away = true;
    const { proxy, calls } = await start((token) =>
      away ? [502, {}] : [200, { access_token: jwt(60), refresh_token: token }],
    );
    const answer = await proxy(call(expired()));
    expect([answer.status, (await answer.json()).error.code, answer.headers.getSetCookie()]).toEqual([
      503,
      "unavailable",
      [],
    ]);
    away = false;
    expect((await proxy(call(expired()))).status).toBe(200);
    expect(calls.length).toBe(1);
  });

  it("what lacks the proof of the own origin refreshes nothing", async () => {
    const { proxy, refreshes, calls } = await start();
    for (const headers of [
      { ...PROOF, "sec-fetch-site": "cross-site" },
      { ...PROOF, "sec-fetch-dest": "image" },
      {},
    ] as Record<string, string>[])
      expect((await proxy(call(expired(), headers))).status).toBe(403);
    expect([refreshes, calls]).toEqual([[], []]);
  });

  it("null is 401, a throw is typed, and the client's own Authorization never passes", async () => {
    const { api, calls } = await start();
    const said = async (bearer: BearerSource) => {
      const proxy = apiProxy({ targets: { api: { url: api, authorization: { bearer } } } });
      const request = call("", { ...PROOF, authorization: "Bearer of the client" });
      const answer = await proxy(request, { env: 1 });
      return [answer.status, answer.ok ? null : (await answer.json()).error.code];
    };
    expect(await said(() => null)).toEqual([401, "unauthenticated"]);
    expect(await said(() => ({ token: null }))).toEqual([401, "unauthenticated"]);
    expect(
      await said(() => {
        throw new Error("secret");
      }),
    ).toEqual([503, "unavailable"]);
    expect(await said(() => Promise.reject(new HttpOnlyError("rejected", "no")))).toEqual([403, "rejected"]);
    expect(await said(() => ({ token: "a\r\nx: y" }))).toEqual([400, "header-invalid"]);
    expect(await said(() => ({ token: 7 }) as never)).toEqual([503, "unavailable"]);
    expect(calls).toEqual([]);
    expect(await said((_, platform) => ({ token: `own ${JSON.stringify(platform)}` }))).toEqual([200, null]);
    expect(calls).toEqual(['Bearer own {"env":1}']);
  });
});

describe("during SSR", () => {
  const event = (cookie: string) => {
    const request = new Request("https://app.example/library", {
      headers: { cookie, "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" },
    });
    return {
      request,
      url: new URL(request.url),
      locals: {},
      route: { id: "/library" },
      isDataRequest: false,
      getClientAddress: () => "127.0.0.1",
    };
  };
  const nobody = {
    getSession: async () => ({ status: "anonymous" as const, user: null, session: null, setCookies: [] }),
  };

  it("a load's new token reaches the browser with the page", async () => {
    const { targets, api, calls, refreshes } = await start();
    const ssr = proxyHandleFetch({ targets });
    const page = event(expired());
    const response = await sessionHandle(nobody)({
      event: page,
      resolve: async () => {
        for (let i = 0; i < 2; i++) await ssr({ event: page, request: new Request(`${api}/items`), fetch });
        return new Response("page");
      },
    });
    expect([refreshes, new Set(calls).size]).toEqual([["r"], 1]);
    expect(response.headers.getSetCookie().filter((line) => /^refresh=r/.test(line)).length).toBeGreaterThan(
      0,
    );
    expect(response.headers.get("cache-control")).toMatch(/no-store/);
  });

  it("R16 a page renews before it is made, where that is declared", async () => {
    const { bearer, refreshes } = await start();
    const shown = async (cookie: string, tokens = bearer) => {
      const response = await sessionHandle(nobody, { tokens })({
        event: event(cookie),
        resolve: () => new Response("page"),
      });
      return response.headers.getSetCookie().length;
    };
    expect(await shown(expired())).toBeGreaterThan(1);
    expect(await shown(`access=${jwt(60)}`)).toBe(0);
    expect(refreshes).toEqual(["r"]);
    expect(await shown(expired(), () => Promise.reject(new Error("away")))).toBe(0);
  });
});
