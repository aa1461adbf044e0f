import { type ChildProcess, fork } from "node:child_process";
import { createServer, Agent as KeepAliveAgent, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { getRequest, setResponse } from "@sveltejs/kit/node";
import { apiProxy, type ProxySettings, type Target } from "httponly/server";
import { Agent } from "undici";
import { describe, expect, onTestFinished, test } from "vitest";
import { codeOf, send } from "./support/send.ts";
import { app, listen, upstream } from "./support/serve.ts";

const MB = 1024 * 1024;
/** Seconds that the event streams run; `SOAK=30` for a long one. */
const SOAK = Number(process.env.SOAK ?? 5);

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Waits until something is so; the test's own time limit ends it. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(5);
}

/** An upstream that speaks TCP, byte for byte. */
async function tcp(talk: (socket: Socket) => void): Promise<{ origin: string; asked: Set<Socket> }> {
  const open = new Set<Socket>();
  // Connections with a request on them: undici opens a new one, for later, where one was broken off.
  const asked = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => asked.add(socket));
    socket.on("close", () => {
      open.delete(socket);
      asked.delete(socket);
    });
    talk(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** A client that writes some bytes and shows what it got, and how that ended. */
function raw(origin: string, text: string) {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const state = { socket, got: "", over: false };
  socket.on("data", (data) => {
    state.got += data.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    state.over = true;
  });
  socket.write(text);
  onTestFinished(() => void socket.destroy());
  return state;
}

const GET = "GET /api/proxy/x HTTP/1.1\r\nHost: app.example\r\n\r\n";

describe.each<[string, Partial<Target>]>([
  ["Node's connections", {}],
  ["fetch", { fetch: (input, init) => fetch(input, init) }],
])("through %s", (transport, through) => {
  const proxyTo = (url: string, settings: ProxySettings = {}) =>
    app(apiProxy({ ...settings, target: { url, ...through } }));

  describe("an upstream that fails before the headers: 502", () => {
    test("it refuses", async () => {
      const { origin } = await tcp(() => {});
      const dead = origin.replace(/\d+$/, "1");
      const answer = await send(await proxyTo(dead), "/api/proxy/x");
      expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-unreachable"]);
    });

    test("its name is not known", async () => {
      const answer = await send(await proxyTo("http://no-such-host.invalid"), "/api/proxy/x");
      expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-unreachable"]);
    });

    test("its certificate is not trusted, or it speaks no TLS", async () => {
      const { origin } = await upstream();
      const answer = await send(await proxyTo(origin.replace("http:", "https:")), "/api/proxy/x");
      expect([answer.status, codeOf(answer)]).toEqual([502, "upstream-unreachable"]);
    });

    test.each([
      ["nothing", ""],
      ["half a status line", "HTTP/1.1 20"],
      ["half a header", "HTTP/1.1 200 OK\r\nContent-Le"],
      ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
      ["an early hint", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"],
      [
        "an upgrade that nobody wanted",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
      ],
      ["a header that never ends", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`],
      ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
      [
        "length and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      ],
    ])("it says %s and resets, or ends", async (_, text) => {
      for (const how of ["resetAndDestroy", "destroy", "end"] as const) {
        const { origin } = await tcp((socket) =>
          socket.once("data", () => socket.write(text, () => setTimeout(() => socket[how](), 10))),
        );
        for (const method of ["GET", "POST"]) {
          const body = method === "POST" ? { body: "x".repeat(100_000) } : {};
          const answer = await send(await proxyTo(origin), "/api/proxy/x", { method, ...body });
          expect([method, how, answer.status]).toEqual([method, how, 502]);
        }
      }
    });

    test("it resets the connection at once, or in the upload", async () => {
      for (const after of [0, 1]) {
        const { origin } = await tcp((socket) => {
          if (after) socket.once("data", () => socket.resetAndDestroy());
          else socket.resetAndDestroy();
        });
        const answer = await send(await proxyTo(origin), "/api/proxy/x", {
          method: "POST",
          body: "x".repeat(2 * MB),
        });
        expect(answer.status).toBe(502);
      }
    });
  });

  test("one that stalls before the headers: 504, and it is left", async () => {
    for (const text of ["", "HTTP/1.1 20", "HTTP/1.1 103 Early Hints\r\n\r\n"]) {
      const api = await tcp((socket) => socket.once("data", () => socket.write(text)));
      const answer = await send(await proxyTo(api.origin, { timeout: 100 }), "/api/proxy/x");
      expect([answer.status, codeOf(answer)]).toEqual([504, "upstream-timeout"]);
      await until(() => api.asked.size === 0);
    }
  });

  describe("an upstream that fails in mid-stream breaks the client's stream off", () => {
    const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    test.each([
      ["a length that is not reached", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"],
      ["half a chunk", `${CHUNKED}4\r\nhalf\r\n9\r\nmo`],
      ["half a chunk's size", `${CHUNKED}4\r\nhalf\r\n9`],
      ["no last chunk", `${CHUNKED}4\r\nhalf\r\n`],
      ["a chunk's size that is none", `${CHUNKED}4\r\nhalf\r\nxyz\r\n`],
    ])("%s", async (_, text) => {
      for (const how of ["resetAndDestroy", "destroy"] as const) {
        const { origin } = await tcp((socket) =>
          socket.once("data", () => socket.write(text, () => setTimeout(() => socket[how](), 30))),
        );
        const client = raw(await proxyTo(origin), GET);
        await until(() => client.over);
        expect(client.got).toContain("200 OK");
        expect(client.got).not.toMatch(/\r\n0\r\n\r\n$/);
        expect(client.got.endsWith("more")).toBe(false);
      }
    });

    test("a compressed body that is none", async () => {
      const { origin } = await upstream((_, response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end("this is no gzip");
      });
      const client = raw(await proxyTo(origin), GET);
      await until(() => client.over);
      expect(client.got).not.toMatch(/\r\n0\r\n\r\n$/);
    });

    test("silence longer than idleTimeout, with a reason", async () => {
      const api = await tcp((socket) => socket.once("data", () => socket.write(`${CHUNKED}4\r\nhalf\r\n`)));
      const handler = apiProxy({ idleTimeout: 150, target: { url: api.origin, ...through } });
      const response = await handler(new Request("http://app.example/api/proxy/x"));
      const reader = response.body?.getReader();
      expect((await reader?.read())?.value?.length).toBe(4);
      await expect(reader?.read()).rejects.toThrow("the upstream sent nothing for too long");
      await until(() => api.asked.size === 0);
    });
  });

  test("a client that resets in any phase of its request costs nobody else anything", async () => {
    let seen = 0;
    const api = createServer((incoming, outgoing) => {
      seen++;
      incoming.resume();
      if (incoming.url === "/ok") outgoing.end("ok");
      else if (incoming.url === "/stream") {
        outgoing.write("some");
      }
    });
    const origin = await proxyTo(await listen(api));
    const head = (path: string, rest = "") =>
      `POST /api/proxy/${path} HTTP/1.1\r\nHost: app.example\r\n${rest}`;
    for (const [phase, text] of [
      ["connected", ""],
      ["half a head", head("x")],
      ["head of an upload", head("x", "Content-Length: 900000\r\n\r\n")],
      ["half a small body", head("x", "Content-Length: 9000\r\n\r\nhalf")],
      ["half a large body", head("x", `Content-Length: 900000\r\n\r\n${"x".repeat(300_000)}`)],
      ["half a chunk", head("x", "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf")],
      ["waiting for headers", head("x", "Content-Length: 4\r\n\r\nfull")],
      ["in the response", head("stream", "Content-Length: 4\r\n\r\nfull")],
    ] as const) {
      for (const how of ["resetAndDestroy", "destroy"] as const) {
        const client = raw(origin, text);
        await (phase === "in the response" ? until(() => client.got.endsWith("some\r\n")) : pause(40));
        client.socket[how]();
        const answer = await send(origin, "/api/proxy/ok");
        expect([phase, how, answer.status]).toEqual([phase, how, 200]);
      }
    }
    expect(seen).toBeGreaterThan(16);
    // Only idle connections are left.
    const started = Date.now();
    await until(() => new Promise<boolean>((done) => api.getConnections((_, count) => done(count <= 2))));
    expect(Date.now() - started).toBeLessThan(1000);
  });

  test("an upload that breaks off does not end well at the upstream", async () => {
    let ended = false;
    let broken = false;
    const origin = await listen(
      createServer((incoming) => {
        incoming.on("end", () => {
          ended = true;
        });
        incoming.on("error", () => {
          broken = true;
        });
        incoming.resume();
      }),
    );
    for (const [framing, limit] of [
      ["Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", {}],
      ["Content-Length: 900000\r\n\r\nhalf", {}],
      [`Transfer-Encoding: chunked\r\n\r\n14\r\n${"x".repeat(20)}\r\n`, { bodyLimit: 10 }],
    ] as const) {
      broken = false;
      const client = raw(
        await proxyTo(origin, limit),
        `POST /api/proxy/x HTTP/1.1\r\nHost: app.example\r\n${framing}`,
      );
      await pause(60);
      client.socket.destroy();
      if (!("bodyLimit" in limit)) await until(() => broken);
      await pause(20);
      expect(ended).toBe(false);
    }
  });

  test.each<[string, number, ProxySettings]>([
    ["an upstream that answers at once", 403, {}],
    ["an upstream that resets", 502, {}],
    ["an upstream that stalls", 504, { timeout: 60 }],
    ["the body's limit", 413, { bodyLimit: 100_000 }],
  ])(
    "in the middle of an upload to SvelteKit, the client gets the answer of %s",
    async (_, status, settings) => {
      const { origin } = await tcp((socket) =>
        socket.once("data", () => {
          if (status === 403) socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
          else if (status === 502) socket.resetAndDestroy();
          // What is not read holds the upload back, and what waits for the upstream is late.
          else if (status === 504) socket.pause();
        }),
      );
      const handler = apiProxy({ ...settings, target: { url: origin } });
      // SvelteKit's own adapter: there, who cancels a request's body destroys the connection.
      const server = createServer(async (incoming, outgoing) => {
        const asked = await getRequest({ request: incoming, base: "http://app.example" });
        await setResponse(outgoing, await handler(asked));
      });
      const { hostname, port } = new URL(await listen(server));
      const agent = new KeepAliveAgent({ keepAlive: true });
      const headers = { "content-type": "application/octet-stream" };
      const asked = request({ hostname, port, path: "/api/proxy/x", method: "POST", agent, headers });
      onTestFinished(() => void asked.destroy());
      const answered = new Promise<number | string>((done) => {
        asked.on("response", (response) => {
          response.resume();
          response.on("end", () => done(response.statusCode ?? 0));
          response.on("error", () => done("broken off"));
        });
        asked.on("error", (error) => done(error.message));
      });
      const chunk = Buffer.alloc(64 * 1024, "x");
      const more = setInterval(() => asked.writableNeedDrain || asked.write(chunk), 5);
      onTestFinished(() => clearInterval(more));
      expect(await answered).toBe(status);
    },
  );

  test("a redirect is not followed, and its connection serves on", async () => {
    const api = await upstream((_, response) => response.writeHead(302, { location: "/login" }).end("moved"));
    const answer = await send(await proxyTo(api.origin), "/api/proxy/x");
    expect([answer.status, answer.body, api.log.length]).toEqual([302, "moved", 1]);
  });

  test.each<[string, Buffer, string]>([
    ["gzip", gzipSync("hello"), "hello"],
    ["x-gzip", gzipSync("hello"), "hello"],
    ["deflate", deflateSync("hello"), "hello"],
    ["deflate", deflateRawSync("hello"), "hello"],
    ["br", brotliCompressSync("hello"), "hello"],
    ["gzip, gzip", gzipSync(gzipSync("hello")), "hello"],
    ["GZIP", gzipSync("x".repeat(3 * MB)), "x".repeat(3 * MB)],
  ])("a body coded %s arrives decoded", async (coding, bytes, text) => {
    const { origin } = await upstream((_, response) =>
      response.writeHead(200, { "content-encoding": coding, "content-length": bytes.length }).end(bytes),
    );
    const answer = await send(await proxyTo(origin), "/api/proxy/x");
    expect(answer.headers["content-encoding"]).toBeUndefined();
    expect(answer.headers["content-length"]).toBeUndefined();
    expect(answer.body === text).toBe(true);
  });

  test("a coding that is not known passes as it is", async () => {
    const { origin } = await upstream((_, response) =>
      response.writeHead(200, { "content-encoding": "aes128gcm", "content-length": 5 }).end("hello"),
    );
    const answer = await send(await proxyTo(origin), "/api/proxy/x");
    expect(answer).toMatchObject({
      body: "hello",
      headers: { "content-encoding": "aes128gcm", "content-length": "5" },
    });
  });

  test("HEAD, 204, 205 and 304 have no body, and fields that stand twice are one", async () => {
    const { origin } = await upstream((received, response) => {
      const status = Number(received.url.slice(1)) || 200;
      response.setHeader("x-a", ["1", "2"]);
      response.writeHead(status, status === 200 ? { "content-length": 5 } : {}).end();
    });
    for (const status of [204, 205, 304, 200]) {
      const answer = await send(await proxyTo(origin), `/api/proxy/${status}`, { method: "HEAD" });
      expect([answer.status, answer.body, answer.headers["x-a"]]).toEqual([status, "", "1, 2"]);
    }
  });

  test("Set-Cookie lines stay lines, in order", async () => {
    const { origin } = await upstream((_, response) =>
      response.writeHead(200, { "set-cookie": ["a=1, 2", "b=2; Path=/", "a=3"] }).end(),
    );
    const setCookies = { a: {}, b: {} };
    const proxy = await app(apiProxy({ target: { url: origin, setCookies, ...through } }));
    const answer = await send(proxy, "/api/proxy/x", { headers: { "x-httponly": "1" } });
    expect(answer.headers["set-cookie"]).toEqual(["a=1, 2", "b=2; Path=/", "a=3"]);
  });

  test("trailers are dropped, and a field value keeps its Latin-1 characters", async () => {
    const { origin } = await tcp((socket) =>
      socket.once("data", () =>
        socket.end(
          Buffer.from(
            "HTTP/1.1 200 OK\r\nX-Name: \xe9\xff\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX-Late: 1\r\n\r\n",
            "latin1",
          ),
        ),
      ),
    );
    const handler = apiProxy({ target: { url: origin, ...through } });
    const answer = await handler(new Request("http://app.example/api/proxy/x"));
    expect([await answer.text(), answer.headers.get("x-name"), answer.headers.get("x-late")]).toEqual([
      "ok",
      "\xe9\xff",
      null,
    ]);
  });

  test("Last-Event-ID reaches the upstream of an event stream with heartbeats", async () => {
    const api = await upstream(async (received, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`id: ${Number(received.headers["last-event-id"]) + 1}\n\n`);
      await pause(150);
      response.end("id: 43\n\n");
    });
    const answer = await send(await proxyTo(api.origin, { heartbeat: 40 }), "/api/proxy/x", {
      headers: { "last-event-id": "41" },
    });
    expect(answer.body).toMatch(/^id: 42\n\n(:\n)+id: 43\n\n$/);
  });

  test("a client that leaves and reads no more leaves no heartbeat and no idle clock behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const api = await tcp((socket) =>
      socket.once("data", () =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n\n"),
      ),
    );
    const handler = apiProxy({
      heartbeat: 60_000,
      idleTimeout: 60_000,
      target: { url: api.origin, ...through },
    });
    const before = timers();
    const leaving = new AbortController();
    const { signal } = leaving;
    const response = await handler(new Request("http://app.example/api/proxy/x", { signal }));
    expect(timers()).toBeGreaterThan(before);
    leaving.abort();
    const started = Date.now();
    await until(() => api.asked.size === 0 && timers() <= before);
    expect(Date.now() - started).toBeLessThan(1000);
    expect(response.status).toBe(200);
  });

  test("only idempotent requests are sent again, and none of which a byte has come back", async () => {
    let calls = 0;
    let text = "";
    const { origin } = await tcp((socket) =>
      socket.once("data", () => {
        calls++;
        socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 10));
      }),
    );
    const proxy = await proxyTo(origin, { retries: 2 });
    for (const [method, expected] of [
      ["GET", 3],
      ["PUT", 3],
      ["DELETE", 3],
      ["POST", 1],
      ["PATCH", 1],
    ] as const) {
      calls = 0;
      expect((await send(proxy, "/api/proxy/x", { method })).status).toBe(502);
      expect([method, calls]).toEqual([method, expected]);
    }
    calls = 0;
    text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    const client = raw(proxy, GET);
    await until(() => client.over);
    expect(calls).toBe(1);
  });

  // Other runtimes' fetch may do so, Node's does not.
  test.skipIf(transport === "fetch")(
    "a GET survives a connection that the upstream has just closed",
    async () => {
      const api = createServer((_, response) => response.end("ok"));
      const handler = apiProxy({ target: { url: await listen(api) } });
      const ask = async (method: string) => {
        const response = await handler(new Request("http://app.example/api/proxy/x", { method }));
        await response.text();
        return response.status;
      };
      for (let i = 0; i < 30; i++) {
        expect(await ask("GET")).toBe(200);
        api.closeIdleConnections();
      }
    },
  );

  describe("in a process of its own", () => {
    test("200 MB to a slow reader take less than 60 MB", async () => {
      const origin = await listen(createServer((_, response) => pour(response)));
      const proxy = await proxyProcess(origin, {}, transport);
      await read(proxy.origin, 20 * MB, 0);
      const before = (await proxy.count()).rss;
      const peak = watchMemory(proxy);
      expect(await read(proxy.origin, 200 * MB, 1)).toBe(200 * MB);
      expect((await peak()) - before).toBeLessThan(60 * MB);
    }, 40_000);

    // Node's fetch clones its request, and keeps all of the body for a reader that never comes.
    test.skipIf(transport === "fetch")(
      "an upload of 200 MB to a slow upstream takes less than 60 MB",
      async () => {
        let got = 0;
        const origin = await listen(
          createServer(async (incoming, response) => {
            got = 0;
            for await (const chunk of incoming) {
              got += (chunk as Buffer).length;
              if (got % 16 === 0) await pause(1);
            }
            response.end("ok");
          }),
        );
        const proxy = await proxyProcess(origin, {}, transport);
        expect(await upload(proxy.origin, 20 * MB)).toBe(200);
        const before = (await proxy.count()).rss;
        const peak = watchMemory(proxy);
        expect(await upload(proxy.origin, 200 * MB)).toBe(200);
        expect(got).toBe(200 * MB);
        expect((await peak()) - before).toBeLessThan(60 * MB);
      },
      40_000,
    );

    test(
      `200 event streams for ${SOAK} s, whose clients leave at random, leave nothing behind`,
      async () => {
        const streams = new Set<NodeJS.Timeout>();
        const api = createServer((_, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          const timer = setInterval(() => response.write("data: tick\n\n"), 20 + Math.random() * 200);
          streams.add(timer);
          response.on("close", () => {
            clearInterval(timer);
            streams.delete(timer);
          });
        });
        const settings = { heartbeat: 50, idleTimeout: 10_000 };
        const proxy = await proxyProcess(await listen(api), settings, transport);
        const before = census(await proxy.count());
        const ends = Date.now() + SOAK * 1000;
        let events = 0;
        let left = 0;
        const one = (): Promise<void> =>
          new Promise<void>((done, failed) => {
            const asked = request(`${proxy.origin}/api/proxy/x`, { agent: false });
            let leaving = false;
            const leaveIn = (ms: number) =>
              setTimeout(() => {
                leaving = true;
                asked.destroy();
              }, Math.random() * ms);
            asked.on("error", (error) => {
              if (!leaving) failed(error);
            });
            asked.on("response", (response) => {
              if (response.statusCode !== 200) failed(new Error(`${response.statusCode}`));
              response.on("error", () => {});
              response.on("data", () => events++);
              // Some do not read at all.
              if (Math.random() < 0.1) response.pause();
              leaveIn(1500);
            });
            asked.on("close", () => {
              left++;
              done();
            });
            asked.end();
            // Some do not wait for the headers.
            if (Math.random() < 0.1) leaveIn(20);
          }).then(() => (Date.now() < ends ? one() : undefined));
        await Promise.all(Array.from({ length: 200 }, one));
        expect(events).toBeGreaterThan(200);
        expect(left).toBeGreaterThan(200);
        const started = Date.now();
        await until(() => streams.size === 0);
        expect(Date.now() - started).toBeLessThan(1000);
        await until(
          () => new Promise<boolean>((done) => api.getConnections((_, count) => done(count === 0))),
        );
        await until(async () => JSON.stringify(census(await proxy.count())) === JSON.stringify(before));
      },
      SOAK * 1000 + 20_000,
    );
  });
});

describe("which way is taken", () => {
  const GLOBAL = Symbol.for("undici.globalDispatcher.1");
  const ask = async (url: string) =>
    (await apiProxy({ target: { url } })(new Request("http://app.example/api/proxy/x"))).text();

  test("a fetch that somebody put in the place of Node's is used", async () => {
    const own = globalThis.fetch;
    onTestFinished(() => {
      globalThis.fetch = own;
    });
    globalThis.fetch = async (input) => new Response(`instead of ${input}`);
    expect(await ask("http://api.example/v1")).toBe("instead of http://api.example/v1/x");
  });

  test("what Next.js puts before Node's fetch is passed by", async () => {
    const own = globalThis.fetch;
    onTestFinished(() => {
      globalThis.fetch = own;
    });
    const cache = async () => new Response("from the cache");
    globalThis.fetch = Object.assign(cache, { _nextOriginalFetch: own });
    const api = await upstream();
    expect(await ask(api.origin)).toBe("ok");
  });

  test("an agent's own limits of time do not end what the proxy's clocks let go on", async () => {
    const holder = globalThis as unknown as { [GLOBAL]: unknown };
    const own = holder[GLOBAL];
    const agent = new Agent({ bodyTimeout: 50, headersTimeout: 50 });
    holder[GLOBAL] = agent;
    onTestFinished(async () => {
      holder[GLOBAL] = own;
      await agent.close();
    });
    const api = await upstream(async (_, response) => {
      await pause(2000);
      response.write("a");
      await pause(2000);
      response.end("b");
    });
    expect(await ask(api.origin)).toBe("ab");
  });

  test.each([
    ["an agent of another undici", () => new Agent()],
    ["one with an interceptor", () => new Agent().compose((dispatch) => (o, h) => dispatch(o, h))],
  ])("%s, set as the global one, is used", async (_, make) => {
    const holder = globalThis as unknown as { [GLOBAL]: { dispatch: (o: object, h: object) => boolean } };
    const own = holder[GLOBAL];
    onTestFinished(() => {
      holder[GLOBAL] = own;
    });
    const agent = make();
    let calls = 0;
    holder[GLOBAL] = {
      dispatch: (o, h) => {
        calls++;
        return agent.dispatch(o as never, h as never);
      },
    };
    const api = await upstream((received, response) => {
      response.setHeader("set-cookie", ["a=1", "b=2"]);
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync(received.body + "x".repeat(MB)));
    });
    const proxy = await app(apiProxy({ target: { url: api.origin, setCookies: { a: {}, b: {} } } }));
    for (const body of ["small", "large".repeat(40_000)]) {
      const answer = await send(proxy, "/api/proxy/x", {
        method: "POST",
        body,
        headers: { "x-httponly": "1" },
      });
      expect(answer.body === body + "x".repeat(MB)).toBe(true);
      expect(answer.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    }
    expect(calls).toBe(2);
    await agent.close();
  });
});

/** What a process holds: sockets and timers, by kind. */
function census({ resources }: Counted): Record<string, number> {
  const kinds = ["TCPSocketWrap", "TCPServerWrap", "Timeout", "Immediate", "Zlib"];
  return Object.fromEntries(kinds.map((kind) => [kind, resources.filter((is) => is === kind).length]));
}

interface Counted {
  rss: number;
  resources: string[];
}

interface ProxyProcess {
  origin: string;
  count(): Promise<Counted>;
}

async function proxyProcess(url: string, settings: ProxySettings, transport: string): Promise<ProxyProcess> {
  const file = fileURLToPath(new URL("support/proxy-process.mjs", import.meta.url));
  const args = [url, JSON.stringify(settings), transport === "fetch" ? "fetch" : "node"];
  const child: ChildProcess = fork(file, args, { execArgv: [] });
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  onTestFinished(() => {
    expect(ended).toBe(false);
    child.disconnect();
  });
  const said = () => new Promise<unknown>((done) => child.once("message", done));
  const { port } = (await said()) as { port: number };
  return {
    origin: `http://127.0.0.1:${port}`,
    async count() {
      const answer = said();
      child.send("count");
      return (await answer) as Counted;
    },
  };
}

/** Looks at a process' memory until asked for the most it had. */
function watchMemory(proxy: ProxyProcess): () => Promise<number> {
  let peak = 0;
  let over = false;
  const watched = (async () => {
    while (!over) {
      peak = Math.max(peak, (await proxy.count()).rss);
      await pause(30);
    }
  })();
  return async () => {
    over = true;
    await watched;
    return peak;
  };
}

/** Writes without end, as fast as it may. */
function pour(response: import("node:http").ServerResponse): void {
  const chunk = Buffer.alloc(64 * 1024, "x");
  const more = () => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

/** Reads so many bytes, with a rest after each chunk, and leaves. */
async function read(origin: string, bytes: number, rest: number): Promise<number> {
  const response = await new Promise<import("node:http").IncomingMessage>((done, failed) => {
    request(`${origin}/api/proxy/x`, { agent: false }, done).on("error", failed).end();
  });
  if (rest) await pause(500);
  let got = 0;
  let chunks = 0;
  for await (const chunk of response) {
    got += (chunk as Buffer).length;
    if (rest && chunks++ % 16 === 0) await pause(rest);
    if (got >= bytes) break;
  }
  response.destroy();
  return Math.min(got, bytes);
}

async function upload(origin: string, bytes: number): Promise<number> {
  const chunk = Buffer.alloc(64 * 1024, "x");
  return new Promise((done, failed) => {
    const asked = request(`${origin}/api/proxy/x`, {
      agent: false,
      method: "POST",
      headers: { "content-length": bytes },
    });
    asked.on("error", failed);
    asked.on("response", (response) => {
      response.resume();
      done(response.statusCode ?? 0);
    });
    let sent = 0;
    const more = () => {
      while (sent < bytes) {
        sent += chunk.length;
        if (!asked.write(chunk)) return void asked.once("drain", more);
      }
      asked.end();
    };
    more();
  });
}
