/**
 * Several instances of an app in processes of their own, behind one address, in front of one real backend whose lookups are
 * counted.
 *
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { createServer, request } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from "node:net";
import { availableParallelism, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { type Backend, createBackend } from "../../../examples/auth-backend/backend.js";

import { type Answer, PROOF, send } from "./send.ts";

/** Milliseconds after an answer in which all instances know, where a process that can run does. */
export const SOON = 50;
/** As many, on a machine whose processes wait for each other. */
export const soon = () => Math.round(SOON * Math.max(1, (loadavg()[0] as number) / availableParallelism()));

export const STORE_SECRET = "what the instances share, 32 bytes or more";

/** The instances. */
export interface Instances {
  /** The address before all of them. */
  readonly origin: string;
  /** That of each. */
  readonly each: readonly string[];
  readonly backend: Backend;
  /** How often the backend was asked whose a session is, so far. */
  lookups(): number;
  /** Makes the backend answer that later. */
  slow(milliseconds: number): void;
  /** What the instances wrote to their consoles. */
  log(): string;
  stop(): Promise<void>;
}

interface Settings {
  redis?: { url: string; client?: "redis" | "ioredis" } | undefined;
  options?: Record<string, unknown>;
  backend?: Parameters<typeof createBackend>[0];
  count?: number;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 }, done));
  return (server.address() as AddressInfo).port;
}

/** Starts them; whoever starts them stops them. */
export async function instances({
  redis,
  options,
  backend: settings,
  count = 3,
}: Settings): Promise<Instances> {
  const children: ChildProcess[] = [];
  const ports: number[] = [];
  let turn = 0;
  const front = createTcpServer((socket) => {
    const port = ports[turn++ % ports.length];
    if (port === undefined) return void socket.destroy();
    const far = connect(port, "127.0.0.1");
    socket.pipe(far).pipe(socket);
    for (const end of [socket, far])
      end.on("error", () => {
        socket.destroy();
        far.destroy();
      });
  });
  const origin = `http://127.0.0.1:${await listening(front)}`;
  const backend = await createBackend({ origins: [origin], ...settings });
  let lookups = 0;
  let delay = 0;
  const counter = createServer((incoming, outgoing) => {
    const asks = incoming.url?.endsWith("/get-session") === true;
    if (asks) lookups++;
    const { method, headers, url } = incoming;
    const far = request(new URL(url ?? "/", backend.url), { method, headers } as never, (answer) => {
      const pass = () => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
        answer.pipe(outgoing);
      };
      if (asks && delay) setTimeout(pass, delay);
      else pass();
    });
    far.on("error", () => outgoing.destroy());
    incoming.pipe(far);
  });
  const url = `http://127.0.0.1:${await listening(counter)}`;
  let log = "";
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const child = fork(
        fileURLToPath(new URL("instance-process.mjs", import.meta.url)),
        [
          JSON.stringify({
            options: {
              url,
              origin,
              cookie: "codex-session",
              ...(redis && { secret: STORE_SECRET }),
              ...options,
            },
            redis: redis && { client: i % 2 ? "ioredis" : "redis", ...redis },
          }),
        ],
        { stdio: ["ignore", "pipe", "pipe", "ipc"] },
      );
      children.push(child);
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (data: Buffer) => {
          log += data;
        });
      const { port } = await new Promise<{ port: number }>((done, fail) => {
        child.once("message", (message) => done(message as { port: number }));
        child.once("exit", () => fail(new Error(`an instance does not start: ${log}`)));
      });
      ports.push(port);
    }),
  );
  return {
    origin,
    each: ports.map((port) => `http://127.0.0.1:${port}`),
    backend,
    lookups: () => lookups,
    slow(milliseconds) {
      delay = milliseconds;
    },
    log: () => log,
    async stop() {
      await Promise.all(
        children.map((child) => {
          const exited = new Promise((done) => child.once("exit", done));
          child.kill("SIGKILL");
          return exited;
        }),
      );
      counter.closeAllConnections();
      await Promise.all([front, counter].map((server) => new Promise((done) => server.close(done))));
      await backend.close();
    },
  };
}

/** What an instance says of a visitor. */
export interface Said {
  status: string;
  user: { role: string; emailVerified: boolean; id: string; name: string };
}

/** A browser: it sends to any of the instances, as its load balancer pleases. */
export class Visitor {
  readonly app: Instances;
  jar = new Map<string, string>();

  constructor(app: Instances) {
    this.app = app;
  }

  async send(at: string, path: string, method: string, headers: Record<string, string>, body?: string) {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await send(at, path, {
      method,
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
    });
    return answer;
  }

  keep({ headers }: Answer) {
    for (const line of headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
  }

  async post(path: string, body: unknown = {}, at = this.app.origin): Promise<Answer> {
    const headers = { ...PROOF, origin: this.app.origin, "content-type": "application/json" };
    const answer = await this.send(at, `/api/auth${path}`, "POST", headers, JSON.stringify(body));
    this.keep(answer);
    return answer;
  }

  get(path: string, at = this.app.origin): Promise<Answer> {
    const headers = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    return this.send(at, path, "GET", headers);
  }

  async signIn({ email, password }: { email: string; password: string }, at?: string): Promise<Visitor> {
    const answer = await this.post("/sign-in/email", { email, password }, at);
    if (answer.status !== 200) throw new Error(`signing in is ${answer.status}: ${answer.body}`);
    return this;
  }

  /** What an instance says of this visitor. */
  async at(
    instance: string,
  ): Promise<{ status: string; user: { role: string; emailVerified: boolean; id: string; name: string } }> {
    return JSON.parse((await this.send(instance, "/me", "GET", PROOF)).body);
  }

  /** What each of them says. */
  everywhere() {
    return Promise.all(this.app.each.map((instance) => this.at(instance)));
  }

  /** Another browser with the same cookies. */
  copy(): Visitor {
    const copy = new Visitor(this.app);
    copy.jar = new Map(this.jar);
    return copy;
  }
}
