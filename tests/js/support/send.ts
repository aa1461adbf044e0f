/**
 * A client that sends what it is told, byte for byte, where `fetch` would repair or forbid it.
 *
 * @module
 */
import { type IncomingHttpHeaders, request } from "node:http";

/** What came back. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends one request; `path` is the request target as it is to stand in the request line. */
export function send(
  origin: string,
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string | string[]>; body?: string | Uint8Array } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What a browser sends along with a `fetch` of its own origin. */
export const PROOF = { "sec-fetch-site": "same-origin", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };

/** The code in an error response. */
export function codeOf({ body }: Answer): string {
  return (JSON.parse(body) as { error: { code: string; message: string } }).error.code;
}
