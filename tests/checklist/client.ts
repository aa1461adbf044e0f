/**
 * Clients at addresses of their own: 127.0.0.1 and 127.0.0.2 are both this machine's.
 *
 * @module
 */
import { type IncomingHttpHeaders, request } from "node:http";
import { PROOF } from "../js/support/send.ts";

export interface Client {
  /** Where it connects from. */
  readonly address: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
}

/** A client of the app at `origin`, which listens on `port` of 127.0.0.1 whatever its origin says. */
export function clientAt(address: string, origin: string, port: number): Client {
  const { host } = new URL(origin);
  return {
    address,
    post: (path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const sent = request({
          host: "127.0.0.1",
          port,
          path,
          localAddress: address,
          method: "POST",
          agent: false,
          headers: { ...PROOF, host, origin, "content-type": "application/json", ...headers },
        });
        sent.on("response", (response) => {
          response.resume();
          response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
        });
        sent.on("error", reject);
        sent.end(JSON.stringify(body));
      }),
  };
}
