/**
 * A built app in a process of its own.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";

/** How an app is served. */
export interface App {
  readonly folder: string;
  /** Arguments to Node. */
  serve(port: number): readonly string[];
  /** The status by which it is known to be ready; any good one unless told otherwise. */
  readonly status?: number;
  /** How it is told to end, where it ends processes of its own; else at once. */
  readonly signal?: NodeJS.Signals;
}

/** An app that answers. */
export interface Running {
  /** What it wrote to its output. */
  output(): string;
  alive(): boolean;
  close(): Promise<void>;
}

/** Starts an app on a port of 127.0.0.1, and waits until `path` answers. */
export async function serve(
  app: App,
  port: number,
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<Running> {
  const child = spawn(process.execPath, app.serve(port), {
    cwd: app.folder,
    env: {
      ...process.env,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      HOST: "127.0.0.1",
      PORT: String(port),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const running: Running = {
    output: () => output,
    alive: () => child.exitCode === null && child.signalCode === null,
    async close() {
      if (running.alive()) child.kill(app.signal ?? "SIGKILL");
      await ended;
    },
  };
  try {
    await answers(`http://127.0.0.1:${port}${path}`, app.status);
  } catch (error) {
    await running.close();
    throw new Error(`${error}\n${output}`);
  }
  return running;
}

/** Listens, on a free port unless told otherwise; the port. */
export async function listen(server: Server | HttpServer, port = 0, host = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function answers(url: string, status?: number): Promise<void> {
  for (let left = 200; left > 0; left--) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer && (status === undefined ? answer.ok : answer.status === status)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}
