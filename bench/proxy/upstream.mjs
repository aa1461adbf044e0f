// What the proxies stand before: a small JSON answer, and an event stream that tells when it sent what.
import { createServer } from "node:http";

const BODY = JSON.stringify({
  items: Array.from({ length: 6 }, (_, id) => ({ id, name: `item ${id}`, price: 9.9 })),
});

/** Milliseconds between the first event and the second. */
const GAP = 150;

const server = createServer((request, response) => {
  if (request.url.endsWith("/events")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${Date.now()}\n\n`);
    setTimeout(() => response.end(`data: ${Date.now()}\n\n`), GAP);
    return;
  }
  const answer = () => {
    response.writeHead(200, {
      "content-type": "application/json; charset=utf-8",
      "content-length": BODY.length,
      "cache-control": "no-store",
      etag: '"3-abc"',
      "x-request-id": "0123456789abcdef",
    });
    response.end(BODY);
  };
  if (request.method === "GET") answer();
  else request.resume().on("end", answer);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit());
