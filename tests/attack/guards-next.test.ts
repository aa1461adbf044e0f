// A guard of a built Next.js server below a base.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, createBackend, createTables, USERS } from "../../examples/auth-backend/backend.js";
import { send } from "../js/support/send.ts";
import { GUARDED_NEXT, GUARDED_NEXT_IN_DEVELOPMENT } from "./apps.ts";
import { freePort, type Running, serve } from "./server.ts";

const [ADA, GRACE] = USERS as [(typeof USERS)[number], (typeof USERS)[number]];
const NAVIGATION = {
  accept: "text/html,*/*;q=0.8",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "same-origin",
};
const TABLES = ["open", "closed", "mistaken"] as const;

describe("Next.js with the base /app", () => {
  let backend: Backend;
  const running: Running[] = [];
  const origins = {} as Record<(typeof TABLES)[number], string>;
  const outputs = {} as Record<(typeof TABLES)[number], () => string>;

  beforeAll(async () => {
    const ports = [await freePort(), await freePort(), await freePort()];
    backend = await createBackend({
      origins: ports.map((port) => `http://localhost:${port}`),
      secret: "a-secret-of-at-least-32-characters",
      tables: createTables(),
      attempts: 1000,
    });
    for (const [at, table] of TABLES.entries()) {
      const origin = `http://localhost:${ports[at]}`;
      const env = { AUTH_URL: backend.url, ORIGIN: origin, TABLE: table };
      const server = await serve(GUARDED_NEXT, ports[at] ?? 0, "/app/login", env);
      running.push(server);
      origins[table] = origin;
      outputs[table] = server.output;
    }
  }, 120_000);

  afterAll(async () => {
    for (const server of running) await server.close();
    await backend.close();
  });

  /** A session's cookie, by the backend itself. */
  async function cookieOf({ email, password }: typeof ADA): Promise<string> {
    const answer = await send(backend.url, "/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json", origin: origins.open },
      body: JSON.stringify({ email, password }),
    });
    return (answer.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
  }

  const get = (path: string, cookie = "", at = origins.open, headers: Record<string, string> = NAVIGATION) =>
    send(at, `/app${path}`, { headers: { ...headers, ...(cookie && { cookie }) } });

  test.each([
    "/notes/internal",
    "/notes/%69nternal",
    "/notes/INTERNAL",
    "/NOTES/internal",
    "/notes/internal?_rsc=1",
    "/notes/x/../internal",
    "/notes/internal.rsc",
    "/old/internal",
    "/old/%69nternal",
    "/old/INTERNAL?_rsc=1",
  ])("%s shows its secret to nobody who may not", async (path) => {
    const ada = await cookieOf(ADA);
    for (const cookie of ["", ada])
      for (const headers of [NAVIGATION, {}, { rsc: "1" }, { rsc: "1", "next-router-prefetch": "1" }]) {
        const { body } = await get(path, cookie, origins.open, headers as Record<string, string>);
        expect(body).not.toContain("SECRET");
      }
  });

  test("redirects carry the base", async () => {
    const led = await get("/library?tab=1");
    expect([led.status, new URL(led.headers.location ?? "", origins.open).href]).toEqual([
      303,
      `${origins.open}/app/login?redirect=/app/library%3Ftab%3D1`,
    ]);
    const grace = await cookieOf(GRACE);
    expect((await get("/library", grace)).body).toContain("SECRET");
    expect((await get("/notes/internal", grace)).body).toContain("internal");
    const home = (await get("/login", grace)).headers.location ?? "";
    expect(new URL(home, origins.open).pathname).toMatch(/^\/app\/?$/);
    const back = (await get("/login?redirect=/app/library", grace)).headers.location ?? "";
    expect(new URL(back, origins.open).pathname).toBe("/app/library");
  });

  test("a table that is closed by default lets through what it opens, and nothing else", async () => {
    const at = origins.closed;
    const login = await get("/login", "", at);
    expect(login.status).toBe(200);
    const [script = ""] = /\/app\/_next\/static\/[^"]+\.js/.exec(login.body) ?? [];
    expect((await send(at, script)).status).toBe(200);
    for (const path of ["/notes/x", "/plain.txt", "/feed.json", "/api/auth/ok"])
      expect([path, (await get(path, "", at)).status]).toEqual([path, 200]);
    // A page that is rendered at build time is guarded as any other.
    for (const path of ["/static", "/library", "/nothing", "/plain"]) {
      const { status, headers, body } = await get(path, "", at);
      expect([path, status, headers.location]).toEqual([
        path,
        303,
        expect.stringMatching(new RegExp(`/app/login\\?redirect=/app${path}$`)),
      ]);
      expect(body).not.toContain("SECRET");
    }
    expect((await get("/static", await cookieOf(ADA), at)).body).toContain("SECRET");
  });

  test("a key that matches no route is told in one line", async () => {
    await get("/login", "", origins.mistaken);
    const lines = (output: string) => output.split("\n").filter((line) => line.includes("no route"));
    const told = lines(outputs.mistaken());
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('"(members)", "/librry"');
    expect(told[0]).not.toContain("/notes/internal");
    for (const table of ["open", "closed"] as const) expect(lines(outputs[table]())).toEqual([]);
  });
});

test("in development, a key that matches no route throws, and a table without such keys does not", async () => {
  const env = { NODE_ENV: "development", AUTH_URL: "http://127.0.0.1:9" };
  const app = GUARDED_NEXT_IN_DEVELOPMENT;
  const mistaken = await serve({ ...app, status: 500 }, await freePort(), "/app/login", {
    ...env,
    TABLE: "mistaken",
  });
  try {
    await expect.poll(() => mistaken.output()).toMatch(/"\(members\)", "\/librry"/);
  } finally {
    await mistaken.close();
  }
  for (const TABLE of ["closed", "open"]) {
    const right = await serve(app, await freePort(), "/app/login", { ...env, TABLE });
    expect(right.output()).not.toContain("no route");
    await right.close();
  }
}, 120_000);
