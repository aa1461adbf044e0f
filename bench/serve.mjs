/**
 * A server of the benchmark's own, on loopback.
 *
 * @module
 */
import { createServer } from "node:http";

/** Starts one; gives its URL, and what stops it. */
export async function serve(listener) {
  const server = createServer(listener);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
