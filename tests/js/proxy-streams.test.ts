import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { apiProxy, type ProxySettings, type Target } from "httponly/server";
import { expect, onTestFinished, test } from "vitest";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, listen, upstream } from "./support/serve.ts";

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Waits until something is so; the test's own time limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(5);
}

/** An upstream that answers before it has read the body. */
async function raw(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listen(createServer(answer));
}

async function proxyTo(
  url: string,
  settings: ProxySettings = {},
  target: Partial<Target> = {},
): Promise<string> {
  return app(apiProxy({ ...settings, target: { url, ...target } }));
}

/** Opens a request and collects what comes, as it comes. */
function open(origin: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const { hostname, port } = new URL(origin);
  const state = {
    chunks: [] as string[],
    ended: false,
    failed: false,
    status: 0,
    headers: {} as IncomingMessage["headers"],
    request: request({ hostname, port, path: "/api/proxy/x", agent: false, ...options }),
  };
  state.request.on("response", (response) => {
    state.status = response.statusCode ?? 0;
    state.headers = response.headers;
    response.on("data", (chunk: Buffer) => state.chunks.push(chunk.toString()));
    response.on("end", () => {
      state.ended = true;
    });
    response.on("error", () => {
      state.failed = true;
    });
    response.on("aborted", () => {
      state.failed = true;
    });
  });
  state.request.on("error", () => {
    state.failed = true;
  });
  onTestFinished(() => void state.request.destroy());
  return state;
}

test("an event stream arrives event by event, with gzip accepted", async () => {
  let response: ServerResponse | undefined;
  const api = await upstream((_, out) => {
    response = out;
    out.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "public, max-age=9",
    });
    out.write("id: 1\ndata: one\n\n");
  });
  const client = open(await proxyTo(api.origin), {
    headers: { "accept-encoding": "gzip", "last-event-id": "0" },
  });
  client.request.end();
  for (const event of ["id: 1\ndata: one\n\n", "data: two\n\n", "data: three\n\n"]) {
    await until(() => client.chunks.length > 0);
    expect(client.chunks.splice(0).join("")).toBe(event);
    if (event.includes("one")) response?.write("data: two\n\n");
    if (event.includes("two")) response?.end("data: three\n\n");
  }
  await until(() => client.ended);
  expect(client.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  });
  expect(api.log[0]?.headers["last-event-id"]).toBe("0");
});

test("a compressed event stream is decoded and flushed event by event", async () => {
  const api = await upstream((_, out) => {
    out.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
    out.end(gzipSync("data: one\n\n"));
  });
  const answer = await send(await proxyTo(api.origin), "/api/proxy/x");
  expect(answer.body).toBe("data: one\n\n");
  expect(answer.headers["content-encoding"]).toBeUndefined();
});

test("an event stream on which a cookie was spent is private", async () => {
  const api = await upstream((_, out) => {
    out.writeHead(200, { "content-type": "text/event-stream" });
    out.end("data: one\n\n");
  });
  const origin = await proxyTo(api.origin, {}, { authorization: { bearer: "t" } });
  const answer = await send(origin, "/api/proxy/x", { headers: { ...PROOF, cookie: "t=1" } });
  expect(answer.headers).toMatchObject({
    "cache-control": "private, no-cache, no-transform",
    vary: "Cookie, Sec-Fetch-Dest, Sec-Fetch-Site, Sec-Fetch-Mode",
  });
});

test("headers that come too late: 504, and the upstream is left", async () => {
  let left = false;
  const origin = await raw((incoming) => {
    incoming.socket.on("close", () => {
      left = true;
    });
  });
  const started = Date.now();
  const answer = await send(await proxyTo(origin, { timeout: 150 }), "/api/proxy/x");
  expect([answer.status, codeOf(answer)]).toEqual([504, "upstream-timeout"]);
  expect(Date.now() - started).toBeGreaterThanOrEqual(145);
  await until(() => left);
});

test("an upstream that accepts and says nothing: 504", async () => {
  const silent = createTcpServer();
  await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
  const sockets: import("node:net").Socket[] = [];
  silent.on("connection", (socket) => sockets.push(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as { port: number };
  for (const method of ["GET", "POST"]) {
    const answer = await send(await proxyTo(`http://127.0.0.1:${port}`, { timeout: 100 }), "/api/proxy/x", {
      method,
      ...(method === "POST" ? { body: "x".repeat(100_000) } : {}),
    });
    expect([method, answer.status]).toEqual([method, 504]);
  }
});

test("the time for headers does not end a stream", async () => {
  const origin = await raw(async (_, out) => {
    out.write("a");
    await pause(250);
    out.end("b");
  });
  expect((await send(await proxyTo(origin, { timeout: 100 }), "/api/proxy/x")).body).toBe("ab");
});

test("the time runs from the last byte of the request's body", async () => {
  const api = await upstream();
  const client = open(await proxyTo(api.origin, { timeout: 150 }), { method: "POST" });
  for (let i = 0; i < 4; i++) {
    client.request.write("x");
    await pause(100);
  }
  client.request.end();
  await until(() => client.ended);
  expect(client.status).toBe(200);
  expect(api.log[0]?.body).toBe("xxxx");
});

test("an upstream that answers before the upload has ended is not late afterwards", async () => {
  const origin = await raw((incoming, out) => {
    out.writeHead(200).flushHeaders();
    incoming.on("data", (chunk: Buffer) => out.write(chunk));
    incoming.on("end", () => out.end());
  });
  const client = open(await proxyTo(origin, { timeout: 100 }), { method: "POST" });
  for (const letter of "abcd") {
    client.request.write(letter);
    await pause(80);
  }
  await pause(250);
  client.request.end("e");
  await until(() => client.ended || client.failed);
  expect([client.status, client.chunks.join(""), client.failed]).toEqual([200, "abcde", false]);
});

test("a request's body reaches the upstream before it has ended", async () => {
  const seen: string[] = [];
  const origin = await raw((incoming, out) => {
    incoming.on("data", (chunk: Buffer) => seen.push(chunk.toString()));
    incoming.on("end", () => out.end("done"));
  });
  const client = open(await proxyTo(origin), {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
  });
  client.request.write("first");
  await until(() => seen.join("") === "first");
  client.request.end("last");
  await until(() => client.ended);
  expect(seen.join("")).toBe("firstlast");
});

test("bytes that are no text pass a target that fills in no bodies", async () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256));
  let received = Buffer.alloc(0);
  const origin = await raw(async (incoming, out) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    received = Buffer.concat(chunks);
    out.end("ok");
  });
  await send(await proxyTo(origin), "/api/proxy/x", { method: "PUT", body: bytes });
  expect(received.equals(bytes)).toBe(true);
});

test("a client that leaves before the headers leaves the upstream", async () => {
  let asked = false;
  let left = false;
  const origin = await raw((incoming) => {
    asked = true;
    incoming.socket.on("close", () => {
      left = true;
    });
  });
  const client = open(await proxyTo(origin));
  client.request.end();
  await until(() => asked);
  client.request.destroy();
  const started = Date.now();
  await until(() => left);
  expect(Date.now() - started).toBeLessThan(1000);
});

test("a client that leaves in mid-stream leaves the upstream", async () => {
  let left = false;
  const origin = await raw((_, out) => {
    out.writeHead(200, { "content-type": "text/event-stream" });
    out.write("data: one\n\n");
    out.on("close", () => {
      left = true;
    });
  });
  const client = open(await proxyTo(origin));
  client.request.end();
  await until(() => client.chunks.length > 0);
  client.request.destroy();
  const started = Date.now();
  await until(() => left);
  expect(Date.now() - started).toBeLessThan(1000);
});

test("cancelling the response's body leaves the upstream, also without a signal", async () => {
  let left = false;
  const origin = await raw((_, out) => {
    out.write("a");
    out.on("close", () => {
      left = true;
    });
  });
  const handler = apiProxy({ target: { url: origin } });
  const response = await handler(new Request("http://app.example/api/proxy/x"));
  await response.body?.cancel();
  await until(() => left);
});

test("an upstream that dies in mid-stream breaks the client's stream", async () => {
  const origin = await raw(async (incoming, out) => {
    out.writeHead(200, { "content-length": 100 });
    out.write("half");
    await pause(50);
    incoming.socket.destroy();
  });
  const client = open(await proxyTo(origin));
  client.request.end();
  await until(() => client.failed || client.ended);
  expect(client.failed).toBe(true);
  expect(client.chunks.join("")).toBe("half");
});

test("idleTimeout breaks off a response that falls silent, and not one that goes on", async () => {
  let left = false;
  const origin = await raw(async (incoming, out) => {
    out.on("close", () => {
      left = true;
    });
    for (let i = 0; i < 5; i++) {
      out.write(`${i}`);
      await pause(150);
    }
    if (incoming.url === "/x") out.end("end");
  });
  const proxy = await proxyTo(origin, { idleTimeout: 600 });
  const whole = open(proxy);
  whole.request.end();
  await until(() => whole.ended || whole.failed);
  expect(whole.chunks.join("")).toBe("01234end");
  left = false;
  const silent = open(proxy, { path: "/api/proxy/silent" } as object);
  silent.request.end();
  await until(() => silent.failed || silent.ended);
  expect([silent.failed, silent.chunks.join("")]).toEqual([true, "01234"]);
  await until(() => left);
});

test("a heartbeat is sent in silence, between lines only", async () => {
  const origin = await raw(async (_, out) => {
    out.writeHead(200, { "content-type": "text/event-stream" });
    out.write("data: one\n");
    await pause(130);
    out.write("data: tw");
    await pause(130);
    out.end("o\n\n");
  });
  const { body } = await send(await proxyTo(origin, { heartbeat: 40 }), "/api/proxy/x");
  expect(body).toMatch(/^data: one\n(:\n){1,4}data: two\n\n$/);
});

test("a heartbeat is for event streams only", async () => {
  const origin = await raw(async (_, out) => {
    out.write("a");
    await pause(120);
    out.end("b");
  });
  expect((await send(await proxyTo(origin, { heartbeat: 30 }), "/api/proxy/x")).body).toBe("ab");
});

test.each([
  ["declared", true, []],
  ["undeclared", false, []],
  ["declared, to be filled in", true, ["body"]],
  ["undeclared, to be filled in", false, ["body"]],
] as [string, boolean, ("body" | "query" | "header")[]][])(
  "a body over the limit (%s length): 413",
  async (_, declared, templates) => {
    const api = await upstream();
    const origin = await proxyTo(api.origin, { bodyLimit: 1000 }, { templates, cookies: ["t"] });
    const post = (size: number) =>
      send(origin, "/api/proxy/x", {
        method: "POST",
        headers: { ...PROOF, ...(declared ? {} : { "transfer-encoding": "chunked" }) },
        body: "x".repeat(size),
      });
    expect((await post(1000)).status).toBe(200);
    const refused = await post(1001);
    expect([refused.status, codeOf(refused)]).toEqual([413, "body-too-large"]);
    expect(api.log).toHaveLength(1);
  },
);

test.each([
  ["the transport", {}, undefined],
  ["fetch", { fetch: globalThis.fetch }, undefined],
  ["the body filled in", { cookies: ["t"], templates: ["body" as const] }, undefined],
  ["the transport, a small body", {}, 1000],
])(
  "a body that the server around the handler cut or refuses, over %s: 413, and no whole one upstream",
  async (_, target, size) => {
    const whole: string[] = [];
    const url = await raw((incoming, response) => {
      incoming.resume();
      incoming.on("end", () => whole.push(incoming.url ?? ""));
      incoming.on("end", () => response.end("stored"));
    });
    const handler = apiProxy({ target: { url, ...target } });
    const chunk = new Uint8Array(size ?? 200_000).fill(97);
    const ask = async (ends: (controller: ReadableStreamDefaultController) => void, length: number) => {
      let sent = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (sent++ === 0) controller.enqueue(chunk);
          else ends(controller);
        },
      });
      const headers = { ...PROOF, "content-type": "text/plain", "content-length": String(length) };
      const init = { method: "POST", headers, body, duplex: "half" };
      const response = await handler(new Request("http://app.example/api/proxy/x", init));
      return [response.status, response.status === 200 ? undefined : (await response.json()).error.code];
    };
    const cut = await ask((controller) => controller.close(), chunk.length + 1);
    expect(cut).toEqual([413, "body-too-large"]);
    const refused = await ask(
      (controller) => controller.error(Object.assign(new Error("Payload Too Large"), { status: 413 })),
      chunk.length + 1,
    );
    expect(refused).toEqual([413, "body-too-large"]);
    expect(whole).toEqual([]);
    expect(await ask((controller) => controller.close(), chunk.length)).toEqual([200, undefined]);
  },
);

test("values that would make a body larger than the limit: 413", async () => {
  const api = await upstream();
  const origin = await proxyTo(api.origin, { bodyLimit: 10_000 }, { templates: ["body"], cookies: ["t"] });
  const headers = { ...PROOF, cookie: `t=${"v".repeat(3000)}`, "content-type": "text/plain" };
  const answer = await send(origin, "/api/proxy/x", {
    method: "POST",
    headers,
    body: "{{ cookies.t }}".repeat(4),
  });
  expect([answer.status, codeOf(answer)]).toEqual([413, "body-too-large"]);
  expect(api.log).toEqual([]);
});

test("a slow reader holds the upstream back", async () => {
  let sent = 0;
  const origin = await raw((_, out) => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const more = () => {
      while (sent < 64 * 1024 * 1024) {
        sent += chunk.length;
        if (!out.write(chunk)) return void out.once("drain", more);
      }
      out.end();
    };
    more();
  });
  const { hostname, port } = new URL(await proxyTo(origin));
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.write("GET /api/proxy/x HTTP/1.1\r\nHost: app.example\r\n\r\n");
  socket.pause();
  await pause(700);
  const held = sent;
  await pause(300);
  expect(sent).toBe(held);
  expect(sent).toBeLessThan(32 * 1024 * 1024);
});

test("smuggled framing is refused or taken off before the upstream", async () => {
  const api = await upstream();
  const { hostname, port } = new URL(await proxyTo(api.origin));
  for (const framing of [
    "Content-Length: 4\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Content-Length: 4\r\nContent-Length: 5",
    "Transfer-Encoding: xchunked",
    "Host: evil.example\r\nContent-Length: 4",
  ]) {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    socket.write(
      `POST /api/proxy/x HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n${framing}\r\n\r\n0\r\n\r\nGET /api/proxy/smuggled HTTP/1.1\r\nHost: app.example\r\n\r\n`,
    );
    await Promise.race([new Promise((done) => socket.on("close", done)), pause(500)]);
    socket.destroy();
    expect(answer.split(" ")[1]).toMatch(/^(200|400)$/);
  }
  expect(api.log.filter((received) => received.url.includes("smuggled"))).toEqual([]);
  expect(api.log.filter((received) => received.headers.host?.includes("evil"))).toEqual([]);
});
