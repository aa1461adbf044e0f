// An app with one proxy in a process of its own, so that its memory, sockets and timers can be counted:
// node proxy-process.mjs UPSTREAM SETTINGS fetch|node
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { apiProxy } from "httponly/server";

const [upstream, settings, transport] = process.argv.slice(2);
const through = transport === "fetch" ? { fetch: (url, init) => fetch(url, init) } : {};
const proxy = apiProxy({ ...JSON.parse(settings), target: { url: upstream, ...through } });

const server = createServer(async (incoming, outgoing) => {
  const controller = new AbortController();
  outgoing.on("close", () => controller.abort());
  const { method, headers } = incoming;
  const init = { method, headers, signal: controller.signal };
  if (method !== "GET") Object.assign(init, { body: Readable.toWeb(incoming), duplex: "half" });
  const response = await proxy(new Request(`http://app.example${incoming.url}`, init));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return outgoing.end();
  const reader = response.body.getReader();
  let resume = () => {};
  outgoing.on("drain", () => resume());
  outgoing.on("close", () => {
    resume();
    reader.cancel().catch(() => {});
  });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return outgoing.end();
      if (!outgoing.write(value) && !outgoing.destroyed)
        await new Promise((done) => {
          resume = done;
        });
    }
  } catch {
    outgoing.destroy();
  }
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", () => {
  global.gc?.();
  process.send({ rss: process.memoryUsage.rss(), resources: process.getActiveResourcesInfo() });
});
process.on("disconnect", () => process.exit());
