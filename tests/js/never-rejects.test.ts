import { createServer as createTcpServer, type Socket } from "node:net";
import { apiProxy, authBackend, cookieEndpoint, type ErrorReport } from "httponly/server";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";

const APP = "https://app.example";
const PROOF = { "x-httponly": "1" };
const UPSTREAM = "https://api.example";

/** A handler for each factory, with an upstream that answers, and where it is mounted. */
function handlers(onError?: (report: ErrorReport) => unknown) {
  const fetch = (async () => new Response("{}")) as unknown as typeof globalThis.fetch;
  const told = onError ? { onError } : {};
  return {
    apiProxy: [apiProxy({ target: { url: UPSTREAM, fetch }, ...told }), "/api/proxy/x"],
    cookieEndpoint: [cookieEndpoint(told), "/.nordcraft/cookies/set-cookie"],
    authBackend: [authBackend({ url: UPSTREAM, fetch, ...told }).handler, "/api/auth/sign-in/email"],
  } as const satisfies Record<string, readonly [(request: Request) => Promise<Response>, string]>;
}
type Name = keyof ReturnType<typeof handlers>;
const NAMES = Object.keys(handlers()) as Name[];

/** A typed refusal: its status and code. */
async function typed(answer: Response): Promise<[number, string]> {
  const { error } = (await answer.json()) as { error: { code: string; message: string } };
  expect(error.message).not.toBe("");
  return [answer.status, error.code];
}

/** A body that brings one byte and breaks off. */
const brokenBody = (why: unknown) =>
  new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array([123])),
    pull: (controller) => controller.error(why),
  });

function post(path: string, body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(APP + path, {
    method: "POST",
    headers: { ...PROOF, "content-type": "application/json", "content-length": "100", ...headers },
    body,
    duplex: "half",
  } as RequestInit);
}

describe.each(NAMES)("%s", (name) => {
  test.each([
    ["a client that leaves", new Error("aborted"), 499, "network"],
    [
      "a server around it that takes no more",
      Object.assign(new Error("x"), { status: 413 }),
      413,
      "body-too-large",
    ],
    ["a reason that is none", undefined, 499, "network"],
  ])("a body that breaks off, by %s", async (_, why, status, code) => {
    const [handler, path] = handlers()[name];
    expect(await typed(await handler(post(path, brokenBody(why))))).toEqual([status, code]);
  });

  test("a body that somebody has read", async () => {
    const [handler, path] = handlers()[name];
    const request = post(path, "{}");
    await request.text();
    expect((await handler(request)).status).toBeGreaterThanOrEqual(400);
  });

  test("a request of which every member throws", async () => {
    const [handler, path] = handlers()[name];
    const request = post(path, "{}");
    for (const member of ["method", "url", "headers", "body", "signal"] as const) {
      const broken = new Proxy(request, {
        get(target, key) {
          if (key === member) throw new Error("not yours");
          const value = Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const answer = await handler(broken);
      expect([member, answer instanceof Response]).toEqual([member, true]);
    }
  });

  test("an onError that throws, or rejects, changes nothing of the answer", async () => {
    for (const onError of [
      () => {
        throw new Error("mine");
      },
      async () => {
        throw new Error("mine");
      },
    ]) {
      const [handler, path] = handlers(onError)[name];
      expect(await typed(await handler(post(path, brokenBody(new Error("x")))))).toEqual([499, "network"]);
    }
  });

  test("every refusal is told, with its names and without values", async () => {
    const told: ErrorReport[] = [];
    const [handler, path] = handlers((report) => told.push(report))[name];
    const request = new Request(`${APP}${path}?token=s3cr3t`, { method: "POST", body: "s3cr3t" });
    request.headers.set("origin", "https://evil.example");
    const answer = await handler(request);
    if (answer.status < 400) return;
    expect(told).toHaveLength(1);
    expect(told[0]?.request).toBe(request);
    expect(told[0]?.error).toMatchObject({ status: answer.status, about: { path } });
    expect(JSON.stringify([told[0]?.error, told[0]?.error.message, told[0]?.error.about])).not.toContain(
      "s3cr3t",
    );
  });
});

describe("a function that the app gives", () => {
  const boom = () => {
    throw new Error("s3cr3t");
  };
  const fetch = (async () => new Response("{}")) as unknown as typeof globalThis.fetch;
  const rows: [string, () => (request: Request) => Promise<Response>, string, number, string][] = [
    ["url of a target", () => apiProxy({ target: { url: boom, fetch } }), "/api/proxy/x", 500, "unavailable"],
    [
      "clientAddress",
      () => apiProxy({ target: { url: UPSTREAM, fetch }, clientAddress: boom }),
      "/api/proxy/x",
      500,
      "unavailable",
    ],
    [
      "headers",
      () => apiProxy({ target: { url: UPSTREAM, fetch, headers: { "x-a": boom } } }),
      "/api/proxy/x",
      500,
      "unavailable",
    ],
    [
      "headers, async",
      () => apiProxy({ target: { url: UPSTREAM, fetch, headers: { "x-a": async () => boom() } } }),
      "/api/proxy/x",
      500,
      "unavailable",
    ],
    [
      "fetch of a target",
      () => apiProxy({ target: { url: UPSTREAM, fetch: boom } }),
      "/api/proxy/x",
      502,
      "upstream-unreachable",
    ],
    [
      "fetch that answers nothing",
      () => apiProxy({ target: { url: UPSTREAM, fetch: (async () => undefined) as never } }),
      "/api/proxy/x",
      502,
      "upstream-unreachable",
    ],
    [
      "fetch that answers what is no response",
      () => apiProxy({ target: { url: UPSTREAM, fetch: (async () => ({ status: 200 })) as never } }),
      "/api/proxy/x",
      502,
      "upstream-unreachable",
    ],
    [
      "url of a backend",
      () => authBackend({ url: boom, fetch }).handler,
      "/api/auth/get-session",
      500,
      "unavailable",
    ],
    [
      "clientAddress of a backend",
      () => authBackend({ url: UPSTREAM, fetch, clientAddress: boom }).handler,
      "/api/auth/get-session",
      500,
      "unavailable",
    ],
    [
      "fetch of a backend",
      () => authBackend({ url: UPSTREAM, fetch: boom }).handler,
      "/api/auth/get-session",
      503,
      "unavailable",
    ],
  ];
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each(rows)(
    "%s that throws: a typed answer, and one line on the console without a value",
    async (_, make, path, status, code) => {
      const line = vi.spyOn(console, "error").mockImplementation(() => {});
      const answer = await make()(new Request(APP + path, { headers: PROOF }));
      expect(await typed(answer)).toEqual([status, code]);
      expect(line).toHaveBeenCalledTimes(1);
      const said = String(line.mock.calls[0]?.[0]);
      expect(said).toContain(code);
      expect(said).not.toContain("s3cr3t");
      expect(said).not.toContain("\n");
    },
  );

  test("a client's own mistake is silent, but for development", async () => {
    const line = vi.spyOn(console, "error").mockImplementation(() => {});
    const proxy = apiProxy({
      targets: { shop: { url: UPSTREAM, authorization: { bearer: "access_token" } } },
    });
    const ask = () => proxy(new Request(`${APP}/api/proxy/shop/me`, { headers: PROOF }));
    expect((await ask()).status).toBe(401);
    expect(line).not.toHaveBeenCalled();
    vi.stubEnv("NODE_ENV", "development");
    await ask();
    vi.unstubAllEnvs();
    expect(line.mock.calls[0]?.[0]).toMatch(
      /^httponly apiProxy: unauthenticated \(401\).*"shop".*"access_token"/,
    );
  });
});

describe("a fetch of the app's own that does not mind its signal", () => {
  const fetch = (() => new Promise(() => {})) as typeof globalThis.fetch;
  const slow = { timeout: 100, onError: () => {} };

  test("is left when the time is over: 504 in the proxy, unavailable at a backend", async () => {
    const proxy = apiProxy({ target: { url: UPSTREAM, fetch }, ...slow });
    expect(await typed(await proxy(new Request(`${APP}/api/proxy/x`)))).toEqual([504, "upstream-timeout"]);
    const auth = authBackend({ url: UPSTREAM, fetch, ...slow });
    const cookie = "better-auth.session_token=a.b";
    const { status } = await auth.getSession(new Request(APP, { headers: { cookie } }));
    expect(status).toBe("unavailable");
    const asked = await auth.handler(new Request(`${APP}/api/auth/get-session`, { headers: { cookie } }));
    expect(await typed(asked)).toEqual([503, "unavailable"]);
  });
});

describe("an upstream that sends what is no response", () => {
  const open = new Set<Socket>();
  let reply = "";
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {});
    // Once the proxy has closed its side, nothing is left to wait for.
    socket.on("end", () => socket.destroy());
    socket.once("data", () => socket.write(reply));
  });
  const listening = new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  test.each([
    ["a field name with a space", "HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 1000000\r\n\r\n{"],
    [
      "a field with a control character",
      "HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 1000000\r\n\r\n{",
    ],
    ["a status that is none", "HTTP/1.1 999 Odd\r\nContent-Length: 1000000\r\n\r\n{"],
    ["no HTTP at all", "SSH-2.0-OpenSSH\r\n"],
  ])(
    "%s: 502, and of 60 connections none stays open",
    async (_, text) => {
      reply = text;
      const told: ErrorReport[] = [];
      const port = await listening;
      const proxy = apiProxy({
        targets: { api: { url: `http://127.0.0.1:${port}` } },
        onError: (report) => told.push(report),
      });
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => proxy(new Request(`${APP}/api/proxy/api/x`))),
      );
      for (const answer of answers) expect(await typed(answer)).toEqual([502, "upstream-unreachable"]);
      expect(told).toHaveLength(60);
      expect(told[0]?.error.about).toMatchObject({ target: "api" });
      // undici puts a connection in the place of one that was aborted, and closes it when 4 s pass without a request.
      await vi.waitFor(() => expect(open.size).toBe(0), { timeout: 8000, interval: 100 });
    },
    20_000,
  );
});
