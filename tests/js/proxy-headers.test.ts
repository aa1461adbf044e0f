import { HttpOnlyError } from "httponly";
import { apiProxy, getRequestCookies, type Target } from "httponly/server";
import { describe, expect, it } from "vitest";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, upstream } from "./support/serve.ts";

async function world(target: Omit<Target, "url">) {
  const up = await upstream();
  const origin = await app(apiProxy({ mount: "/api", target: { url: up.origin, ...target } }));
  return { origin, log: up.log };
}

const userId = (request: Request) => getRequestCookies(request).session;

describe("a target's own fetch that decodes zstd, and one that does not", () => {
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00, 0x09, 0x00, 0x00, 0x61);
  const described = {
    "content-encoding": "zstd",
    "content-length": "10",
    "content-digest": "sha-256=:AA==:",
  };
  const ask = async (body: BodyInit) => {
    const fetch = (async () =>
      new Response(body, { headers: described })) as unknown as typeof globalThis.fetch;
    const proxy = apiProxy({ target: { url: "https://api.example", fetch } });
    return proxy(new Request("https://app.example/api/proxy/x"));
  };

  it("label and body agree in both", async () => {
    const encoded = await ask(frame);
    expect(Object.fromEntries(encoded.headers)).toMatchObject(described);
    expect(new Uint8Array(await encoded.arrayBuffer())).toEqual(frame);
    for (const decoded of ["a", '{"a":1}', "(plain"]) {
      const answer = await ask(decoded);
      for (const name of Object.keys(described))
        expect([name, answer.headers.get(name)]).toEqual([name, null]);
      expect(await answer.text()).toBe(decoded);
    }
  });
});

describe("headers of a target", () => {
  it("are set by the server, from a text and from functions", async () => {
    const headers = { "X-Key": "k", "x-user-id": userId, "x-later": async () => "l" };
    const { origin, log } = await world({ headers });
    await send(origin, "/api", { headers: { ...PROOF, cookie: "session=7" } });
    expect(log[0]?.headers).toMatchObject({ "x-key": "k", "x-user-id": "7", "x-later": "l" });
  });

  it.each([
    ["under its name", { "x-user-id": "2" }],
    ["in another letter case", { "X-USER-ID": "2" }],
    ["twice", { "x-user-id": ["2", "3"] }],
    ["named in Connection", { "x-user-id": "2", connection: "x-user-id" }],
  ])("never come from the page: %s", async (_, forged) => {
    const { origin, log } = await world({ headers: { "x-user-id": userId } });
    await send(origin, "/api", { headers: { ...PROOF, cookie: "session=7", ...forged } });
    expect(log[0]?.rawHeaders.filter((text) => text.toLowerCase() === "x-user-id")).toHaveLength(1);
    expect(log[0]?.headers["x-user-id"]).toBe("7");
  });

  it("are absent where the function knows nothing, even if the page sends one and it is listed", async () => {
    const { origin, log } = await world({
      headers: { "x-user-id": userId },
      forwardHeaders: ["x-user-id"],
    });
    await send(origin, "/api", { headers: { ...PROOF, "x-user-id": "2" } });
    expect(log).toHaveLength(1);
    expect(log[0]?.headers).not.toHaveProperty("x-user-id");
  });

  it.each([
    ["from another site", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" }],
    ["from a navigation", { "sec-fetch-site": "same-origin", "sec-fetch-dest": "document" }],
    ["without a proof", {}],
  ])("are worth a cookie: a request %s goes nowhere, and nobody is asked", async (_, headers) => {
    let asked = 0;
    const { origin, log } = await world({
      headers: {
        "x-user-id": () => {
          asked += 1;
          return "7";
        },
      },
    });
    const answer = await send(origin, "/api", { headers: { ...headers, cookie: "session=7" } });
    expect([answer.status, codeOf(answer)]).toEqual([403, "cross-origin"]);
    expect([log.length, asked]).toEqual([0, 0]);
  });

  it("make the response private", async () => {
    const { origin } = await world({ headers: { "x-user-id": userId } });
    const { headers } = await send(origin, "/api", { headers: PROOF });
    expect(headers["cache-control"]).toContain("private");
    expect(headers.vary).toContain("Cookie");
  });

  it("are not asked for where the cookie to spend is absent", async () => {
    let asked = 0;
    const { origin, log } = await world({
      authorization: { bearer: "token" },
      headers: { "x-user-id": () => String(++asked) },
    });
    expect((await send(origin, "/api", { headers: PROOF })).status).toBe(401);
    expect([log.length, asked]).toEqual([0, 0]);
  });

  it.each([
    ["CR LF", "1\r\nx-admin: 1"],
    ["NUL", "1\0"],
    ["beyond Latin-1", "✓"],
  ])("with %s are refused, and nothing is sent", async (_, value) => {
    const { origin, log } = await world({ headers: { "x-user-id": () => value } });
    const answer = await send(origin, "/api", { headers: PROOF });
    expect([answer.status, codeOf(answer)]).toEqual([400, "header-invalid"]);
    expect(log).toEqual([]);
  });

  it("answer with the error of this package that a function throws", async () => {
    const { origin, log } = await world({
      headers: {
        "x-user-id": () => {
          throw new HttpOnlyError("unauthenticated", "nobody is signed in");
        },
      },
    });
    const answer = await send(origin, "/api", { headers: PROOF });
    expect([answer.status, codeOf(answer)]).toEqual([401, "unauthenticated"]);
    expect(log).toEqual([]);
  });

  it.each([
    "authorization",
    "cookie",
    "host",
    "connection",
    "x-forwarded-for",
    "content-length",
    "a b",
    "",
    "sec-a",
  ])("cannot be %j", (name) => {
    const target = { url: "https://api.example", headers: { [name]: "1" } };
    expect(() => apiProxy({ target })).toThrow(TypeError);
  });
});
