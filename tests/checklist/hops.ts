/**
 * What stands between servers: each passes requests on as they are.
 *
 * @module
 */
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import { listen } from "../js/support/serve.ts";

/** Passes requests on to `to`, with the headers that `change` makes of theirs, and remembers these. */
export async function hop(
  to: string,
  change: (headers: IncomingHttpHeaders, address: string) => IncomingHttpHeaders = (headers) => headers,
): Promise<{ origin: string; log: { url: string; headers: IncomingHttpHeaders }[] }> {
  const log: { url: string; headers: IncomingHttpHeaders }[] = [];
  const { hostname, port } = new URL(to);
  const server = createServer((incoming, outgoing) => {
    const headers = change({ ...incoming.headers }, incoming.socket.remoteAddress ?? "");
    log.push({ url: incoming.url ?? "", headers });
    const onward = request({
      hostname,
      port,
      method: incoming.method,
      path: incoming.url,
      headers,
      agent: false,
    });
    onward.on("response", (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return { origin: await listen(server), log };
}
