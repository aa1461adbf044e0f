/**
 * A store of endings that this process remembers, too: what it ended or heard of stays ended when the store is away, or
 * comes back empty; and what the store could not be told is told it later.
 *
 * @module
 */

import { memoryStore, type Store } from "../store.ts";
import { later } from "./rest.ts";

/** Endings that wait to be told; beyond that the oldest are given up. */
const WAITING = 10_000;
/** Milliseconds until they are tried again. */
const AGAIN = 500;

/** What is kept, as a message says it. */
interface Kept {
  key: string;
  value: string;
  seconds: number;
}

/** The store, with a memory of its own for what it is told by `set`: times or marks, of which the greatest counts. */
export function mirroredStore(store: Store): Store {
  const own = memoryStore();
  const waiting = new Map<string, Kept & { end: number }>();
  let retrying = false;
  let subscribed: Promise<unknown> | undefined;

  /** Hears what others end, from the first use on. */
  function listen(): void {
    if (store.subscribe === undefined || subscribed !== undefined) return;
    subscribed = Promise.resolve()
      .then(() =>
        store.subscribe?.((message) => {
          const heard = read(message);
          if (heard !== undefined) void own.set(heard.key, heard.value, heard.seconds);
        }),
      )
      .catch(() => {
        later(() => {
          subscribed = undefined;
        }, 10 * AGAIN);
      });
  }

  async function retry(): Promise<void> {
    for (const [key, { value, end }] of [...waiting]) {
      const seconds = (end - Date.now()) / 1000;
      if (seconds > 0) {
        try {
          await tell({ key, value, seconds });
        } catch {
          break;
        }
      }
      if (waiting.get(key)?.value === value) waiting.delete(key);
    }
    retrying = waiting.size > 0;
    if (retrying) later(retry, AGAIN);
  }

  async function tell(kept: Kept): Promise<void> {
    await store.set(kept.key, kept.value, kept.seconds);
    // Who does not hear it reads it.
    await store.publish?.(JSON.stringify(kept)).catch(() => {});
  }

  return {
    ...store,
    async get(key) {
      listen();
      const known = await own.get(key);
      // A mark stays; of two times the later one counts.
      if (known === "1") return known;
      const value = await store.get(key);
      return known === null || (value !== null && Number(value) > Number(known)) ? value : known;
    },
    async set(key, value, seconds) {
      listen();
      await own.set(key, value, seconds);
      try {
        await tell({ key, value, seconds });
      } catch (thrown) {
        waiting.delete(key);
        waiting.set(key, { key, value, seconds, end: Date.now() + seconds * 1000 });
        for (const [oldest] of waiting) {
          if (waiting.size <= WAITING) break;
          waiting.delete(oldest);
        }
        if (!retrying) {
          retrying = true;
          later(retry, AGAIN);
        }
        throw thrown;
      }
    },
  };
}

function read(message: string): Kept | undefined {
  try {
    const { key, value, seconds } = JSON.parse(message) as Partial<Kept>;
    const whole = typeof key === "string" && typeof value === "string" && typeof seconds === "number";
    return whole ? { key, value, seconds } : undefined;
  } catch {
    return undefined;
  }
}
