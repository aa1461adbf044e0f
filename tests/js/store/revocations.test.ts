/** The backend says by itself whose sessions ended: the lines of the docs in the real Better Auth, three instances, one Redis. */
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { authBackend } from "httponly/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { admin } from "../../../examples/auth-backend/node_modules/better-auth/dist/plugins/index.mjs";
import { ADA, BOSS } from "../support/auth.ts";
import { type Instances, instances, type Said, soon, Visitor } from "../support/instances.ts";
import { HAS_REDIS, type RedisServer, redisServer } from "../support/redis.ts";
import { send } from "../support/send.ts";

const SECRET = "what the backend signs with, 32 bytes or more";
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** The hooks as the docs have them. */
async function hooksOfTheDocs(): Promise<{ session: object; user: object }> {
  const docs = readFileSync(new URL("../../../docs/auth-backend.md", import.meta.url), "utf8");
  const [, lines] = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(docs) ?? [];
  const folder = mkdtempSync(join(tmpdir(), "httponly-hooks-"));
  try {
    writeFileSync(join(folder, "hooks.mjs"), lines as string);
    return (await import(join(folder, "hooks.mjs"))).databaseHooks;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Message {
  body?: string;
  time?: number;
  nonce?: string;
  secret?: string;
  header?: string;
  method?: string;
}

function message({ body = '{"type":"ended","userId":"u1"}', secret = SECRET, ...more }: Message = {}) {
  const { time = Date.now(), nonce = crypto.randomUUID() } = more;
  const mac = createHmac("sha256", secret).update(`${time}.${nonce}.${body}`).digest("hex");
  const header = more.header ?? `t=${time},n=${nonce},s=${mac}`;
  return { method: "POST", headers: { "x-httponly-signature": header }, body };
}

describe("a message", () => {
  const auth = authBackend({
    url: "http://127.0.0.1:9",
    revocationSecret: [SECRET, `${SECRET}, the older one`],
  });
  const post = async (init: ReturnType<typeof message>) => {
    const response = await auth.revocations(new Request("https://app.example/revocations", init));
    const text = await response.text();
    return [response.status, text && JSON.parse(text).error.code];
  };

  it("that is signed is taken, by any of the secrets, and never from a cache", async () => {
    expect(await post(message())).toEqual([204, ""]);
    expect(await post(message({ secret: `${SECRET}, the older one` }))).toEqual([204, ""]);
    const response = await auth.revocations(new Request("https://app.example/revocations", message()));
    expect(response.headers.get("cache-control")).toContain("no-store");
  });

  it.each<[string, Message]>([
    ["by nobody", { header: "" }],
    ["with another secret", { secret: "another secret, of 32 bytes or more" }],
    ["long ago", { time: Date.now() - 600_000 }],
    ["in the future", { time: Date.now() + 600_000 }],
    ["and was cut", { header: message().headers["x-httponly-signature"].slice(0, -2) }],
  ])("signed %s is refused", async (_, how) => {
    expect(await post(message(how))).toEqual([401, "unauthenticated"]);
  });

  it("whose body, time or nonce was changed is refused", async () => {
    const signed = message();
    const header = signed.headers["x-httponly-signature"];
    for (const changed of [
      { ...signed, body: '{"type":"ended","userId":"u2"}' },
      { ...signed, headers: { "x-httponly-signature": header.replace(/t=(\d+)\d/, "t=$10") } },
      { ...signed, headers: { "x-httponly-signature": header.replace("n=", "n=0") } },
    ]) {
      if (changed.headers["x-httponly-signature"] === header && changed.body === signed.body) continue;
      expect(await post(changed)).toEqual([401, "unauthenticated"]);
    }
  });

  it("is taken once", async () => {
    const signed = message();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(signed)));
    expect(answers.map(([status]) => status).sort()).toEqual([204, 401, 401, 401, 401]);
  });

  it.each(["", "[]", "{}", '{"type":"ended"}', '{"type":"ended","userId":""}', '{"type":"x","userId":"u"}'])(
    "that says %j is refused, though signed",
    async (body) => {
      expect(await post(message({ body }))).toEqual([400, "field-invalid"]);
    },
  );

  it("that is too long is refused", async () => {
    const body = JSON.stringify({ type: "ended", userId: "u".repeat(9000) });
    expect(await post(message({ body }))).toEqual([401, "unauthenticated"]);
  });

  it("needs a secret of 32 bytes, which an app that takes none need not have", async () => {
    expect(() => authBackend({ url: "http://127.0.0.1:9", revocationSecret: "short" })).toThrow(TypeError);
    const none = authBackend({ url: "http://127.0.0.1:9" });
    expect((await none.revocations(new Request("https://app.example/", message()))).status).toBe(500);
  });
});

describe.skipIf(!HAS_REDIS)("what a backend does by itself", () => {
  let redis: RedisServer;
  let app: Instances;
  beforeAll(async () => {
    redis = await redisServer();
    const databaseHooks = await hooksOfTheDocs();
    const configure = (options: { plugins?: unknown[] }) => ({
      ...options,
      rateLimit: { enabled: false },
      databaseHooks,
      plugins: [...(options.plugins ?? []), admin()],
    });
    app = await instances({ redis, options: { revocationSecret: SECRET }, backend: { configure } as never });
    process.env.REVOCATION_SECRET = SECRET;
    process.env.REVOCATION_URL = `${app.origin}/revocations`;
  });
  afterAll(async () => {
    await app?.stop();
    await redis?.stop();
  });

  it("is known to all instances: a session's end, a role, a user's removal", async () => {
    const boss = await new Visitor(app).signIn(BOSS);
    const [ada, copy] = [await new Visitor(app).signIn(ADA), await new Visitor(app).signIn(ADA)];
    const seen = async () => (await ada.everywhere()).map(({ status, user }) => user?.role ?? status);
    expect(new Set(await seen()).size).toBe(1);
    await copy.everywhere();
    const { id } = ((await ada.everywhere())[0] as Said).user;
    /** Not through the app: straight to the backend. */
    const directly = async (visitor: Visitor, path: string, body: unknown) => {
      const cookie = [...visitor.jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await send(app.backend.url, `/api/auth${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: app.origin, cookie },
        body: JSON.stringify(body),
      });
      expect(answer.status, answer.body).toBe(200);
      await wait(soon());
    };
    await directly(boss, "/admin/set-role", { userId: id, role: "admin" });
    expect(await seen()).toEqual(Array(3).fill("admin"));
    await directly(copy, "/sign-out", {});
    expect((await copy.everywhere()).map(({ status }) => status)).toEqual(Array(3).fill("anonymous"));
    expect(await seen()).toEqual(Array(3).fill("admin"));
    await directly(boss, "/admin/remove-user", { userId: id });
    expect(await seen()).toEqual(Array(3).fill("anonymous"));
  });

  it("a message that one instance took, no other takes", async () => {
    const signed = message();
    const answers = [];
    for (const at of [...app.each, ...app.each])
      answers.push((await send(at, "/revocations", signed)).status);
    expect(answers).toEqual([204, 401, 401, 401, 401, 401]);
  });
});
