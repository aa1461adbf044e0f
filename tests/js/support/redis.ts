/**
 * A Redis of the tests' own: Debian's redis-server on a free port of this machine, with the clients of three packages. It
 * can be paused, killed, filled and slowed down.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { Redis as Upstash } from "@upstash/redis";
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";

/** Whether redis-server is here; a test that needs it is skipped, with a word, where it is not. */
export const HAS_REDIS = spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0;
if (!HAS_REDIS)
  console.log("skipped: redis-server is missing; Debian, Ubuntu: sudo apt-get install redis-server");

/** A redis-server. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  pause(): void;
  resume(): void;
  kill(): Promise<void>;
  /** Starts it again at its port, empty. */
  start(): Promise<void>;
  /** Sends a command. */
  command(...args: string[]): Promise<unknown>;
  /** All that is in it: keys and values. */
  scan(): Promise<string>;
  stop(): Promise<void>;
}

/** The settings of the compose file in docs/deploy.md, so that what it says is what is tested. */
function documented(): string[] {
  const docs = readFileSync(new URL("../../../docs/deploy.md", import.meta.url), "utf8");
  const [, line = ""] = /command: redis-server (.*)/.exec(docs) ?? [];
  return line.split(" ").map((word) => (word === '""' ? "" : word));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts one; whoever starts it stops it. */
export async function redisServer(): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const command = async (...args: string[]) => {
    const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 1000 } });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  };
  const start = async () => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", tmpdir(), ...documented()];
    child = spawn("redis-server", args, { stdio: "ignore" });
    for (let tries = 0; ; tries++) {
      try {
        await command("PING");
        return;
      } catch (thrown) {
        if (tries > 200) throw thrown;
        await new Promise((done) => setTimeout(done, 20));
      }
    }
  };
  const kill = async () => {
    const gone = child;
    child = undefined;
    if (gone === undefined) return;
    const exited = new Promise((done) => gone.once("exit", done));
    gone.kill("SIGKILL");
    await exited;
  };
  await start();
  return {
    port,
    url,
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    kill,
    start,
    command,
    async scan() {
      const parts: string[] = [];
      let cursor = "0";
      do {
        const [next, keys] = (await command("SCAN", cursor, "COUNT", "1000")) as unknown as [
          string,
          string[],
        ];
        for (const key of keys) parts.push(key, String(await command("GET", key)));
        cursor = next;
      } while (cursor !== "0");
      return parts.join("\n");
    },
    stop: kill,
  };
}

/** A way to a server that takes so many milliseconds longer each way. */
export async function slowWay(to: number, milliseconds: number): Promise<{ port: number; close(): void }> {
  const server: Server = createServer((socket) => {
    const far = connect(to, "127.0.0.1");
    const pass = (from: typeof far, into: typeof far) => {
      from.on("data", (data) => void setTimeout(() => into.write(data), milliseconds));
      from.on("close", () => void setTimeout(() => into.destroy(), milliseconds));
      from.on("error", () => {});
    };
    pass(socket, far);
    pass(far, socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

/** A connected client of each package, by name; `close` ends what it holds. */
export interface Client {
  // biome-ignore lint/suspicious/noExplicitAny: each package has a type of its own
  client: any;
  close(): Promise<void>;
}

export const CLIENTS = {
  async redis({ url }: { url: string }): Promise<Client> {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    return { client, close: async () => client.destroy() };
  },
  async ioredis({ url }: { url: string }): Promise<Client> {
    const client = new Ioredis(url, { lazyConnect: true });
    client.on("error", () => {});
    await client.connect();
    return { client, close: async () => client.disconnect() };
  },
  async upstash({ url }: { url: string }): Promise<Client> {
    const bridge = await upstashBridge(url);
    const client = new Upstash({ url: bridge.url, token: "a token of the tests' own", retry: false });
    return { client, close: bridge.close };
  },
};

/** Upstash's HTTP interface, in front of a redis-server. */
async function upstashBridge(url: string): Promise<{ url: string; close(): Promise<void> }> {
  const redis = createClient({ url });
  redis.on("error", () => {});
  await redis.connect();
  const server = createHttpServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const base64 = request.headers["upstash-encoding"] === "base64";
    const shown = (value: unknown): unknown => {
      if (typeof value === "string" && value !== "OK" && base64) return Buffer.from(value).toString("base64");
      return Array.isArray(value) ? value.map(shown) : value;
    };
    const run = async (command: unknown[]) => {
      try {
        return { result: shown(await redis.sendCommand(command.map(String))) };
      } catch (thrown) {
        return { error: (thrown as Error).message };
      }
    };
    const sent = JSON.parse(Buffer.concat(chunks).toString()) as unknown[];
    const path = request.url ?? "/";
    const said = path.startsWith("/pipeline")
      ? await Promise.all((sent as unknown[][]).map(run))
      : await run(sent);
    response.setHeader("content-type", "application/json");
    response.statusCode = "error" in said ? 400 : 200;
    response.end(JSON.stringify(said));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      redis.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
