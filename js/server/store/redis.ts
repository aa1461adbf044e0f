/**
 * Redis as a store: through the client that the app has already connected, whichever of three it is. No client is a
 * dependency of this package.
 *
 * @module
 */
import { kindOf, ownOptions } from "../options.ts";
import type { Store } from "../store.ts";

type Method = (...args: never[]) => unknown;

/** A connected client of `redis` (node-redis), version 4 or later. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  sendCommand: Method;
  duplicate: Method;
  subscribe: Method;
}

/** A client of `ioredis`, a cluster of it included. */
export interface IoredisClient {
  readonly status: string;
  call: Method;
  duplicate: Method;
}

/** A client of `@upstash/redis`, which speaks HTTP. */
export interface UpstashClient {
  get: Method;
  set: Method;
  del: Method;
  publish: Method;
  createScript: Method;
}

/** What {@link redisStore} takes. */
export type RedisClient = NodeRedisClient | IoredisClient | UpstashClient;

/** Options of {@link redisStore}. */
export interface RedisStoreOptions {
  /** What every key and the channel begin with; default `httponly:`. Apps that share a Redis differ in it. */
  prefix?: string | undefined;
}

/** What a client does for a store: keys are whole, values are texts. */
interface Commands {
  get(key: string): Promise<unknown>;
  /** Whether it was written: with `absent`, it is only if there was none. */
  set(key: string, value: string, milliseconds: number, absent: boolean): Promise<boolean>;
  delete(key: string): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
  subscribe?(channel: string, listener: (message: string) => void): Promise<() => void>;
}

/** Before every value: so no client takes it for a number or JSON, and gives something else back. */
const TEXT = "=";

/**
 * A store in Redis, or in what speaks its protocol.
 *
 * ```ts
 * import { createClient } from "redis";
 * import { redisStore } from "httponly/redis";
 *
 * const client = createClient({ url: env.REDIS_URL });
 * client.on("error", () => {});
 * await client.connect();
 * const auth = authBackend({ url: env.BACKEND, secret: env.AUTH_SECRET, store: redisStore(client) });
 * ```
 *
 * Messages need a connection of their own, which is a duplicate of the client's; Upstash's client has none, so that
 * there each instance hears of an ending when its local copy is over.
 *
 * @throws TypeError for what is no client of `redis`, `ioredis` or `@upstash/redis`
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const { prefix = "httponly:" } = ownOptions("redisStore", options, { prefix: true });
  if (typeof prefix !== "string") throw new TypeError(`redisStore: prefix is a text, got ${kindOf(prefix)}`);
  const commands = commandsOf(client);
  const channel = `${prefix}channel`;
  const write = (key: string, value: string, seconds: number, absent: boolean) =>
    commands.set(prefix + key, TEXT + value, Math.max(1, Math.round(seconds * 1000)), absent);
  const { subscribe } = commands;
  return {
    async get(key) {
      const value = await commands.get(prefix + key);
      return typeof value === "string" && value.startsWith(TEXT) ? value.slice(TEXT.length) : null;
    },
    async set(key, value, seconds) {
      await write(key, value, seconds, false);
    },
    add: (key, value, seconds) => write(key, value, seconds, true),
    async delete(...keys) {
      // One command a key: those of a cluster lie on different nodes.
      await Promise.all(keys.map((key) => commands.delete(prefix + key)));
    },
    async publish(message) {
      await commands.publish(channel, TEXT + message);
    },
    ...(subscribe && {
      subscribe: (listener: (message: string) => void) =>
        subscribe(channel, (message) => {
          if (message.startsWith(TEXT)) listener(message.slice(TEXT.length));
        }),
    }),
  };
}

function commandsOf(client: unknown): Commands {
  const has = (...names: string[]) =>
    names.every(
      (name) => typeof (client as Record<string, unknown> | null | undefined)?.[name] === "function",
    );
  const { isOpen, status } = Object(client) as { isOpen?: unknown; status?: unknown };
  if (typeof status === "string" && has("call", "duplicate", "subscribe")) return ioredis(client as Ioredis);
  if (typeof isOpen === "boolean" && has("sendCommand", "duplicate", "subscribe", "unsubscribe"))
    return nodeRedis(client as NodeRedis);
  if (has("createScript", "pipeline", "get", "set", "del", "publish")) return upstash(client as Upstash);
  const pool = typeof isOpen === "boolean" ? ": a pool or a cluster of node-redis cannot subscribe" : "";
  throw new TypeError(
    `redisStore: client must be a connected client of redis, ioredis or @upstash/redis, got ${kindOf(client)}${pool}`,
  );
}

interface NodeRedis {
  sendCommand(args: string[]): Promise<unknown>;
  duplicate(): NodeRedis;
  connect(): Promise<unknown>;
  on(event: "error" | "end", listener: () => void): unknown;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  destroy?(): unknown;
  disconnect(): unknown;
}

function nodeRedis(client: NodeRedis): Commands {
  const send = (...args: string[]) => client.sendCommand(args);
  return {
    ...byCommand(send),
    async subscribe(channel, listener) {
      const own = client.duplicate();
      // It connects again by itself, and subscribes again.
      own.on("error", () => {});
      const close = () => {
        // Version 4 has no `destroy`; what is closed already throws or rejects.
        void (async () => (own.destroy ? own.destroy() : own.disconnect()))().catch(() => {});
      };
      // What the app closes, is closed: no process is held up by the rest.
      client.on("end", close);
      try {
        await own.connect();
        await own.subscribe(channel, listener);
      } catch (thrown) {
        close();
        throw thrown;
      }
      return close;
    },
  };
}

interface Ioredis {
  call(command: string, ...args: string[]): Promise<unknown>;
  duplicate(): Ioredis;
  on(event: string, listener: (...args: string[]) => void): unknown;
  subscribe(channel: string): Promise<unknown>;
  disconnect(): void;
}

function ioredis(client: Ioredis): Commands {
  return {
    ...byCommand((command, ...args) => client.call(command, ...args)),
    async subscribe(channel, listener) {
      const own = client.duplicate();
      own.on("error", () => {});
      own.on("message", (_channel, message) => listener(message as string));
      client.on("end", () => own.disconnect());
      try {
        await own.subscribe(channel);
      } catch (thrown) {
        own.disconnect();
        throw thrown;
      }
      return () => own.disconnect();
    },
  };
}

/** The commands of a client that sends them as texts. */
function byCommand(send: (command: string, ...args: string[]) => Promise<unknown>): Commands {
  return {
    get: (key) => send("GET", key),
    async set(key, value, milliseconds, absent) {
      const limits = ["PX", String(milliseconds), ...(absent ? ["NX"] : [])];
      return (await send("SET", key, value, ...limits)) !== null;
    },
    delete: (key) => send("DEL", key),
    publish: (channel, message) => send("PUBLISH", channel, message),
  };
}

interface Upstash {
  get(key: string): Promise<unknown>;
  set(key: string, value: string, options: { px: number; nx?: true }): Promise<unknown>;
  del(key: string): Promise<unknown>;
  publish(channel: string, message: string): Promise<unknown>;
}

function upstash(client: Upstash): Commands {
  return {
    get: (key) => client.get(key),
    set: async (key, value, px, absent) =>
      (await client.set(key, value, absent ? { px, nx: true } : { px })) !== null,
    delete: (key) => client.del(key),
    publish: (channel, message) => client.publish(channel, message),
  };
}
