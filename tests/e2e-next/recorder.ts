import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { test } from "./world.ts";

/** A response as it came from the app. */
export interface Seen {
  url: string;
  status: number;
  type: string | undefined;
  /** All but Set-Cookie. */
  headers: string;
  setCookie: string;
  /** To its end, and decoded; undefined before. */
  body: string | undefined;
}

/**
 * The browser's HTTP proxy: passes on what it asks, and keeps what the app answers, to the end even where the browser
 * leaves before. The browser cannot be asked for that: Chromium often has "No data found for resource" for the body of
 * a server action's redirect, and never one for a 3xx.
 */
function recorder(seen: Seen[]): Server {
  return createServer((asked, answer) => {
    const url = new URL(asked.url ?? "");
    const headers = { ...asked.headers };
    delete headers["proxy-connection"];
    const onward = forward({
      host: "127.0.0.1",
      port: url.port,
      path: url.pathname + url.search,
      method: asked.method ?? "",
      headers,
    });
    onward.on("response", (response) => {
      const { "set-cookie": setCookie, ...rest } = response.headersDistinct;
      const entry: Seen = {
        url: url.href,
        status: response.statusCode ?? 0,
        type: response.headers["content-type"]?.split(";")[0],
        headers: JSON.stringify(rest),
        setCookie: JSON.stringify(setCookie ?? []),
        body: undefined,
      };
      seen.push(entry);
      answer.writeHead(entry.status, response.rawHeaders);
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        answer.write(chunk);
      });
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const encoding = response.headers["content-encoding"] ?? "identity";
        if (encoding === "identity") entry.body = bytes.toString();
        else if (encoding === "gzip") entry.body = gunzipSync(bytes).toString();
        answer.end();
      });
      response.on("error", () => answer.destroy());
    });
    onward.on("error", () => answer.destroy());
    answer.on("error", () => {});
    asked.pipe(onward);
  });
}

/** A test whose browser goes through a {@link recorder}; `seen` is what it kept. */
export const recorded = test.extend<{ seen: Seen[] }>({
  seen: async ({}, use) => use([]),
  proxy: async ({ seen }, use) => {
    const server = recorder(seen);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    await use({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    server.close();
    server.closeAllConnections();
  },
});
