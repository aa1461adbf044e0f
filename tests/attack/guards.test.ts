// Guards of built SvelteKit servers, at the root of their origin and below a base: no way to a page gets round its key.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, createBackend, createTables, USERS } from "../../examples/auth-backend/backend.js";
import { type Answer, send } from "../js/support/send.ts";
import { GUARDED_APPS, GUARDED_IN_DEVELOPMENT } from "./apps.ts";
import { freePort, type Running, serve } from "./server.ts";

const [ADA, GRACE] = USERS as [(typeof USERS)[number], (typeof USERS)[number]];
const NAVIGATION = {
  accept: "text/html,*/*;q=0.8",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "same-origin",
};

/** Paths below the base that show what a key closes, however they lead there. */
const WAYS = [
  "/wiki/internal",
  "/en/wiki/internal",
  "/de/wiki/internal/x",
  "/en/wiki/%69nternal",
  "/en/wiki/internal%2Fx",
  "/en/wiki/INTERNAL",
  "/en/wiki/x%2F..%2Finternal",
  "/en/wiki/internal/__data.json",
  "/u/admin",
  "/u/%61dmin",
  "/u/ADMIN",
  "/u/admin/__data.json",
  "/users/admin",
  "/docs/item-secret",
  "/docs/item-%73ecret",
  "/docs/%69tem-secret/__data.json",
  "/pairs/top-secret",
  "/pairs/top%2Dsecret",
  "/.inner/secret",
  "/%2Einner/%73ecret",
];

describe.each(Object.entries(GUARDED_APPS))("with the base %j", (base, app) => {
  let origin = "";
  let backend: Backend;
  const running: Running[] = [];
  const servers = {} as Record<"open" | "closed" | "mistaken", { origin: string; output(): string }>;

  beforeAll(async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    const origins = ports.map((port) => `http://localhost:${port}`);
    backend = await createBackend({
      origins,
      secret: "a-secret-of-at-least-32-characters",
      tables: createTables(),
      attempts: 1000,
    });
    for (const [at, table] of (["open", "closed", "mistaken"] as const).entries()) {
      const env = { AUTH_URL: backend.url, ORIGIN: origins[at] ?? "", TABLE: table };
      const server = await serve(app, ports[at] ?? 0, `${base}/login`, env);
      running.push(server);
      servers[table] = { origin: origins[at] ?? "", output: server.output };
    }
    origin = servers.open.origin;
  }, 60_000);

  afterAll(async () => {
    for (const server of running) await server.close();
    await backend.close();
  });

  async function signin({ email, password }: typeof ADA, at = origin, query = ""): Promise<[string, Answer]> {
    const answer = await send(at, `${base}/login?/signin${query}`, {
      method: "POST",
      headers: { ...NAVIGATION, origin: at, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ email, password }).toString(),
    });
    const cookie = (answer.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
    return [cookie, answer];
  }

  const get = (path: string, cookie = "", at = origin, headers: Record<string, string> = NAVIGATION) =>
    send(at, base + path, { headers: { ...headers, ...(cookie && { cookie }) } });

  test.each(WAYS)("%s shows its secret to nobody who may not", async (path) => {
    const [ada] = await signin(ADA);
    for (const cookie of ["", ada])
      for (const headers of [NAVIGATION, {}, { "x-sveltekit-pathname": "/login" }]) {
        const { body } = await get(path, cookie, origin, headers as Record<string, string>);
        expect(body).not.toContain("SECRET");
      }
  });

  test("whoever may comes in by each of them, and what no key closes is open", async () => {
    const [grace] = await signin(GRACE);
    for (const path of ["/wiki/internal", "/en/wiki/internal", "/u/admin", "/docs/item-secret"]) {
      const { status, body } = await get(path, grace);
      expect([path, status, body.includes("SECRET")]).toEqual([path, 200, true]);
    }
    for (const path of ["/wiki", "/en/wiki/x", "/u/ada", "/docs/item-1", "/pairs/a-b", "/.inner/x", "/other"])
      expect([path, (await get(path)).status]).toEqual([path, 200]);
  });

  test("redirects carry the base", async () => {
    const led = await get("/en/wiki/internal?tab=1");
    expect(led.headers.location).toBe(`${base}/login?redirect=${base}/en/wiki/internal%3Ftab%3D1`);
    const data = await get("/library/__data.json", "", origin, { "sec-fetch-mode": "cors" });
    expect(JSON.parse(data.body)).toMatchObject({ location: `${base}/login?redirect=${base}/library` });
    const [ada] = await signin(ADA);
    expect((await get("/login", ada)).headers.location).toBe(`${base}/`);
    expect((await get(`/login?redirect=${base}/library`, ada)).headers.location).toBe(`${base}/library`);
    expect((await get(`/login?redirect=${base}/login`, ada)).headers.location).toBe(`${base}/`);
    const [, answer] = await signin(ADA, origin, `&redirect=${base}/library`);
    expect(answer.headers.location).toBe(`${base}/library`);
  });

  test("a table that is closed by default lets through what it opens, and nothing else", async () => {
    const at = servers.closed.origin;
    for (const path of ["/login", "/blog/x", "/blog/a.json", "/wiki", "/en/wiki/a", "/feed.json", "/about"])
      expect([path, (await get(path, "", at)).status]).toEqual([path, 200]);
    for (const path of ["/other", "/library", "/users/x", "/u/x", "/nothing", "/blog", "/feed"]) {
      const { status, headers, body } = await get(path, "", at);
      expect([path, status, headers.location]).toEqual([path, 303, `${base}/login?redirect=${base}${path}`]);
      expect(body).toBe("");
    }
    const immutable = join(app.folder, app.built, "..", `client${base}/_app/immutable/entry`);
    const [entry] = existsSync(immutable) ? readdirSync(immutable).filter((name) => /\.js$/.test(name)) : [];
    expect(entry).toBeDefined();
    expect((await get(`/_app/immutable/entry/${entry}`, "", at)).status).toBe(200);
    const [ada] = await signin(ADA, at);
    expect((await get("/other", ada, at)).status).toBe(200);
  });

  test("a key that matches no route is told in one line, and one that reaches into a parameter is not", async () => {
    await get("/login", "", servers.mistaken.origin);
    const lines = (output: string) => output.split("\n").filter((line) => line.includes("no route"));
    const told = lines(servers.mistaken.output());
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"(authentcated)"');
    expect(told[0]).toContain('"/admin/panel", "/libary"');
    expect(told[0]).not.toContain('"/users/admin"');
    for (const table of ["open", "closed"] as const) expect(lines(servers[table].output())).toEqual([]);
  });
});

test("in development, a key that matches no route throws, and a table without such keys does not", async () => {
  const env = { NODE_ENV: "development", AUTH_URL: "http://127.0.0.1:9", BASE: "" };
  const port = await freePort();
  const mistaken = await serve({ ...GUARDED_IN_DEVELOPMENT, status: 500 }, port, "/login", {
    ...env,
    TABLE: "mistaken",
  });
  try {
    await expect
      .poll(() => mistaken.output())
      .toMatch(/TypeError: .*"\(authentcated\)", "\/admin\/panel", "\/libary"/);
  } finally {
    await mistaken.close();
  }
  const right = await serve(GUARDED_IN_DEVELOPMENT, await freePort(), "/login", { ...env, TABLE: "closed" });
  expect(right.output()).not.toContain("no route");
  await right.close();
}, 90_000);

test("a page that the guard closes is not prerendered: the build fails and names it", () => {
  const { folder, build } = GUARDED_APPS[""];
  const env = {
    ...process.env,
    NODE_ENV: "production",
    BASE: "",
    VARIANT: "-prerendered",
    ABOUT: "signed-in",
  };
  const done = spawnSync(process.execPath, build, { cwd: folder, encoding: "utf8", env });
  expect(done.status).not.toBe(0);
  expect(done.stdout + done.stderr).toContain(
    "/about is prerendered, a file for everybody, and the guard closes it",
  );
}, 90_000);
