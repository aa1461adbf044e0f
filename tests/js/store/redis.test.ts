/** `redisStore` on a real redis-server, through the clients of three packages. */
import { spawnSync } from "node:child_process";
import { redisStore, type Store } from "httponly/redis";
import { createClientPool } from "redis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CLIENTS, type Client, HAS_REDIS, type RedisServer, redisServer } from "../support/redis.ts";

describe.skipIf(!HAS_REDIS)("redisStore", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await redisServer();
  });
  afterAll(() => server?.stop());

  describe.each(Object.keys(CLIENTS) as (keyof typeof CLIENTS)[])("with a client of %s", (name) => {
    let made: Client;
    let store: Store;
    beforeAll(async () => {
      made = await CLIENTS[name](server);
      store = redisStore(made.client, { prefix: `${name}:` });
    });
    afterAll(() => made?.close());

    it.each(["text", "", "12345678901234567890", "null", '{"a":1}', "=", "ä€𝄞\n"])(
      "gives back %j as it was kept",
      async (value) => {
        expect(await store.get("absent")).toBe(null);
        await store.set("key", value, 10);
        expect(await store.get("key")).toBe(value);
        await store.delete("key", "absent");
        expect(await store.get("key")).toBe(null);
      },
    );

    it("adds what is absent, once for all who try at the same time, and forgets it after its seconds", async () => {
      const tries = await Promise.all(Array.from({ length: 20 }, (_, i) => store.add("one", `${i}`, 0.2)));
      expect(tries.filter(Boolean).length).toBe(1);
      expect(await store.get("one")).toBe(String(tries.indexOf(true)));
      await vi.waitFor(async () => expect(await store.get("one")).toBe(null), { timeout: 2000 });
      expect(await store.add("one", "again", 1)).toBe(true);
    });

    it("keeps its keys below its prefix", async () => {
      await store.set("where", "here", 10);
      expect(await server.command("EXISTS", `${name}:where`)).toBe(1);
      expect(await redisStore(made.client, { prefix: "other:" }).get("where")).toBe(null);
    });

    if (name === "upstash") {
      it("has no subscription, and publishes", async () => {
        expect(store.subscribe).toBe(undefined);
        await store.publish?.("hello");
      });
    } else {
      it("hears what others publish until it is told not to", async () => {
        const heard: string[] = [];
        const other = redisStore(made.client, { prefix: "elsewhere:" });
        const end = await store.subscribe?.((message) => heard.push(message));
        await other.publish?.("not for us");
        await store.publish?.("one");
        await store.publish?.("two");
        await vi.waitFor(() => expect(heard).toEqual(["one", "two"]));
        end?.();
        await vi.waitFor(async () =>
          expect(await server.command("PUBSUB", "NUMSUB", `${name}:channel`)).toEqual([`${name}:channel`, 0]),
        );
        await store.publish?.("three");
        expect(heard.length).toBe(2);
      });
    }
  });

  it("refuses a pool of node-redis by name", async () => {
    const pool = createClientPool({ url: server.url });
    expect(() => redisStore(pool as never)).toThrow("a pool or a cluster of node-redis cannot subscribe");
  });
});

it.each([null, undefined, "redis://127.0.0.1", {}, { get() {}, set() {}, del() {} }, new Map()])(
  "what is no client is refused: %o",
  (client) => {
    expect(() => redisStore(client as never)).toThrow(
      /^redisStore: client must be a connected client of redis, ioredis or @upstash\/redis, got /,
    );
  },
);

it("an unknown option is refused by name", () => {
  expect(() => redisStore({} as never, { prefx: "a" } as never)).toThrow('did you mean "prefix"?');
});

it.skipIf(!HAS_REDIS)("a process that closes its client is not held up by the subscription", async () => {
  const server = await redisServer();
  try {
    for (const name of ["redis", "ioredis"]) {
      const connect =
        name === "redis"
          ? `import { createClient } from "redis"; const client = createClient({ url }); await client.connect();`
          : `import { Redis } from "ioredis"; const client = new Redis(url);`;
      const code = `const url = ${JSON.stringify(server.url)}; ${connect}
        const { redisStore } = await import("httponly/redis");
        await redisStore(client).subscribe(() => {});
        ${name === "redis" ? "await client.close()" : "client.disconnect()"}`;
      const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
        timeout: 10_000,
        encoding: "utf8",
      });
      expect([name, status, stderr]).toEqual([name, 0, ""]);
    }
  } finally {
    await server.stop();
  }
});
