/**
 * What several instances of an app know together, and what one process knows by itself.
 *
 * @module
 */

/** Where sessions are ended and links are used up for all instances of an app; values are texts. */
export interface Store {
  get(key: string): Promise<string | null>;
  /** Keeps a value for so many seconds. */
  set(key: string, value: string, seconds: number): Promise<void>;
  /** Keeps a value if there is none, atomically; tells whether it did. */
  add(key: string, value: string, seconds: number): Promise<boolean>;
  delete(...keys: string[]): Promise<void>;
  publish?(message: string): Promise<void>;
  /** Calls the listener for each message of any instance; gives what ends that. */
  subscribe?(listener: (message: string) => void): Promise<() => void>;
}

/** @throws TypeError for what is no store */
export function checkStore(where: string, store: Store): Store {
  for (const name of ["get", "set", "add", "delete"] as const)
    if (typeof Object(store)[name] !== "function")
      throw new TypeError(`${where} must be a Store, and has no function ${name}`);
  return store;
}

/**
 * A store in the memory of one process, for at most `size` keys: beyond that the oldest are forgotten. It knows nothing
 * of other instances, and nothing after a restart.
 */
export function memoryStore(size = 10_000): Store {
  const entries = new Map<string, { value: string; end: number }>();
  const read = (key: string) => {
    const entry = entries.get(key);
    if (entry !== undefined && entry.end > Date.now()) return entry.value;
    entries.delete(key);
    return null;
  };
  const write = (key: string, value: string, seconds: number) => {
    entries.delete(key);
    for (const [oldest] of entries) {
      if (entries.size < size) break;
      entries.delete(oldest);
    }
    entries.set(key, { value, end: Date.now() + seconds * 1000 });
  };
  return {
    get: async (key) => read(key),
    set: async (key, value, seconds) => write(key, value, seconds),
    async add(key, value, seconds) {
      if (read(key) !== null) return false;
      write(key, value, seconds);
      return true;
    },
    async delete(...keys) {
      for (const key of keys) entries.delete(key);
    },
  };
}
