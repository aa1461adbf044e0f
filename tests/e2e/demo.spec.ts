import { connect } from "node:net";
import { expect, test } from "@playwright/test";
import { run, serve } from "./servers.ts";

const PORTS = {
  PORT: undefined,
  API_PORT: undefined,
  AUTH_PORT: undefined,
  ORIGIN: undefined,
} as unknown as Record<string, string>;

test("the demo with --check starts, fetches the page once, prints ok and stops", async () => {
  const demo = await run(["tools/demo.mjs", "--check"], PORTS, /ok http:\/\/localhost:\d+/);
  expect(await demo.ended).toBe(0);
});

for (const signal of ["SIGINT", "SIGTERM"] as const)
  test(`the demo prints a URL that works, and ${signal} stops all servers`, async () => {
    const demo = await run(["tools/demo.mjs"], PORTS, /Ctrl\+C/);
    const web = /http:\/\/localhost:(\d+)/.exec(demo.output())?.[1];
    const api = /The API is http:\/\/127\.0\.0\.1:(\d+)/.exec(demo.output())?.[1];
    const auth = /http:\/\/127\.0\.0\.1:(\d+)\/outbox/.exec(demo.output())?.[1];
    expect((await fetch(`http://localhost:${web}/`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${api}/me`)).status).toBe(401);
    expect(await (await fetch(`http://127.0.0.1:${auth}/outbox`)).json()).toEqual([]);
    demo.child.kill(signal);
    expect(await demo.ended).toBe(0);
    for (const port of [web, api, auth]) expect(await open(Number(port))).toBe(false);
  });

test("the demo refuses a chosen port that is taken", async () => {
  const taken = await serve((_request, response) => response.end());
  const demo = await run(["tools/demo.mjs"], { ...PORTS, PORT: String(taken.port) }, /is taken/);
  expect(await demo.ended).toBe(1);
  taken.close();
});

test("the demo takes a free port where the default is taken", async () => {
  const first = await run(["tools/demo.mjs"], PORTS, /Ctrl\+C/);
  const second = await run(["tools/demo.mjs"], PORTS, /Ctrl\+C/);
  const urls = [first, second].map((demo) => /http:\/\/localhost:\d+/.exec(demo.output())?.[0] ?? "");
  expect(urls[0]).not.toBe(urls[1]);
  for (const url of urls) expect((await fetch(url)).status).toBe(200);
  for (const demo of [first, second]) {
    demo.child.kill("SIGTERM");
    expect(await demo.ended).toBe(0);
  }
});

function open(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
