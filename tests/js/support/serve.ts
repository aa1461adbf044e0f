/**
 * Real servers for tests: an upstream that remembers what it received, and an app that mounts handlers.
 *
 * @module
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { listener } from "./node.ts";

/** What an upstream received. */
export interface Received {
  method: string;
  /** Path and query, as they stood in the request line. */
  url: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  body: string;
}

/** Listens on a free port of 127.0.0.1 until the test is over. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An upstream; it answers `ok` with status 200 unless told otherwise. */
export async function upstream(
  answer: (received: Received, response: ServerResponse, request: IncomingMessage) => void = (_, response) =>
    response.end("ok"),
): Promise<{ origin: string; log: Received[] }> {
  const log: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const received: Received = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    log.push(received);
    answer(received, response, request);
  });
  return { origin: await listen(server), log };
}

/** An app that answers with one handler: the least that a framework's Node adapter does. */
export async function app(handler: (request: Request) => Promise<Response>): Promise<string> {
  return listen(createServer(listener(handler)));
}
