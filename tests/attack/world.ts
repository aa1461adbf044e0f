/**
 * One app under attack, its upstream, which remembers what it received, and a decoy that nothing may reach.
 *
 * @module
 */
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { APPS, type Framework } from "./apps.ts";
import { freePort, listen, serve } from "./server.ts";

/** What the upstream received. */
export interface Received {
  method: string;
  /** Path and query as they stood in the request line. */
  url: string;
  /** Names and values, as they came. */
  rawHeaders: string[];
  body: string;
}

export interface World {
  framework: Framework;
  port: number;
  /** The app's own origin. */
  origin: string;
  /** The upstream's host and port. */
  upstream: string;
  /** The decoy's host and port. */
  decoy: string;
  decoyPort: number;
  log: Received[];
  /** The first bytes of whatever reached the decoy. */
  strays: string[];
  /** What the upstream answers, in place of its own answer. */
  answer(custom: ((received: Received, response: ServerResponse) => boolean) | undefined): void;
  /** What the app wrote to its output. */
  output(): string;
  /** Whether the app still runs. */
  alive(): boolean;
  close(): Promise<void>;
}

/** Response headers that no proxied response may carry. */
export const HOSTILE: Readonly<Record<string, string | string[]>> = {
  "set-cookie": [
    "access_token=planted; Path=/",
    "__Host-sid=planted; Path=/; Secure",
    "upstream=1; Domain=localhost",
  ],
  "access-control-allow-origin": "*",
  "access-control-allow-credentials": "true",
  "clear-site-data": '"*"',
  refresh: "0;url=https://evil.example/",
  "service-worker-allowed": "/",
  "content-security-policy": "default-src *",
  "x-middleware-rewrite": "https://evil.example/",
  "x-middleware-override-headers": "cookie",
  "x-middleware-request-cookie": "access_token=planted",
  "x-middleware-set-cookie": "access_token=planted",
  "x-accel-redirect": "/etc/passwd",
  "strict-transport-security": "max-age=1",
};

/** Starts all three; `host` is the app's own, which leads to this machine. */
export async function start(framework: Framework, host = "localhost"): Promise<World> {
  const log: Received[] = [];
  const strays: string[] = [];
  let custom: ((received: Received, response: ServerResponse) => boolean) | undefined;
  const upstream = createServer({ maxHeaderSize: 4 * 1024 * 1024 }, async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const received = {
      method: request.method ?? "",
      url: request.url ?? "",
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    log.push(received);
    if (custom?.(received, response)) return;
    for (const [name, value] of Object.entries(HOSTILE)) response.setHeader(name, value);
    response.setHeader("content-type", "application/json");
    response.end('{"from":"upstream"}');
  });
  const decoy = createTcpServer((socket) => {
    const at = strays.push("") - 1;
    socket.on("data", (chunk) => {
      strays[at] += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ndecoy");
  });
  const upstreamPort = await listen(upstream);
  // On all addresses of this machine, of both families where there are two.
  const decoyPort = await listen(decoy, 0, "::").catch(() => listen(decoy, 0, "0.0.0.0"));
  const port = await freePort();
  const origin = `http://${host}:${port}`;
  const env = { UPSTREAM: `http://127.0.0.1:${upstreamPort}`, ORIGIN: origin };
  const away = () => {
    upstream.close();
    upstream.closeAllConnections();
    decoy.close();
  };
  const app = await serve(APPS[framework], port, "/stage", env).catch((error) => {
    away();
    throw error;
  });
  return {
    framework,
    port,
    origin,
    upstream: `127.0.0.1:${upstreamPort}`,
    decoy: `127.0.0.1:${decoyPort}`,
    decoyPort,
    log,
    strays,
    answer(answer) {
      custom = answer;
    },
    output: app.output,
    alive: app.alive,
    async close() {
      await app.close();
      away();
    },
  };
}
