/**
 * The handlers on a plain `node:http` server. It catches nothing: a handler that rejects ends the process.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { auth, bareEndpoint, endpoint, go, proxy, stage } from "../declarations.ts";

type Handler = (request: Request, platform?: unknown) => Promise<Response>;

const origin = process.env.ORIGIN ?? "http://localhost:3000";
const proxied = proxy((_, incoming) => (incoming as IncomingMessage).socket.remoteAddress);

/** The handler of a path as the URL standard writes it. */
function mounted(path: string): Handler | undefined {
  if (path === "/stage") return stage;
  if (path === "/go") return go;
  if (path === "/.nordcraft/cookies/set-cookie") return endpoint;
  if (path === "/bare-cookies") return bareEndpoint;
  if (path.startsWith("/api/auth/")) return auth;
  if (path === "/api/proxy" || path.startsWith("/api/proxy/")) return proxied;
  return undefined;
}

/** Methods of which no `Request` can be made (Fetch section 2.2.1). */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Whether the client sends a body. */
function sendsBody({ method, headers }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function toRequest(incoming: IncomingMessage, url: string, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i] as string, incoming.rawHeaders[i + 1] as string);
  const body = sendsBody(incoming) ? (Readable.toWeb(incoming) as ReadableStream) : null;
  const method = incoming.method ?? "GET";
  return new Request(url, { method, headers, signal, body, duplex: "half" } as RequestInit);
}

function send(response: Response, outgoing: ServerResponse): void {
  const cookies = response.headers.getSetCookie();
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  if (cookies.length) outgoing.setHeader("set-cookie", cookies);
  outgoing.writeHead(response.status);
  if (!response.body) {
    outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  // What breaks off on one side is broken off on the other.
  pipeline(Readable.fromWeb(response.body as NodeStream), outgoing, () => {});
}

createServer(async (incoming, outgoing) => {
  // An absolute request target, or `*`, is not this server's.
  const url = incoming.url?.startsWith("/") ? `${origin}${incoming.url}` : "";
  const handler = URL.canParse(url) ? mounted(new URL(url).pathname) : undefined;
  if (!handler || FORBIDDEN.has(incoming.method ?? "")) {
    outgoing.writeHead(handler ? 405 : 404).end("refused");
    return;
  }
  const client = new AbortController();
  outgoing.on("close", () => client.abort());
  send(await handler(toRequest(incoming, url, client.signal), incoming), outgoing);
}).listen(Number(process.env.PORT), process.env.HOST);
