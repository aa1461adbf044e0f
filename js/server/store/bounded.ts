/**
 * A store that makes nobody wait: each operation has a time limit, and while one did not answer in time, no request waits
 * for the next.
 *
 * @module
 */
import type { Store } from "../store.ts";

/** Milliseconds for one operation. */
export const OPERATION_LIMIT = 500;
/** Milliseconds after which a store that did not answer is asked again. */
const AGAIN = 500;
/** Milliseconds after which a failure that nothing followed is told again. */
const FORGOTTEN = 60_000;

/** A store that may be away. Its operations reject then, at once or within their time limit. */
export interface BoundedStore extends Store {
  /** When an operation last failed, in milliseconds since 1970; 0 for never. */
  readonly failedAt: number;
}

/**
 * The store, bounded. What fails is told once, until it works again.
 *
 * @param limit milliseconds for one operation
 * @param tell is told the name of the first operation that fails, and why
 */
export function boundedStore(
  store: Store,
  limit = OPERATION_LIMIT,
  tell: (operation: string, cause: unknown) => void = note,
): BoundedStore {
  /** The operations that failed when they were last tried, and when that was. */
  const failing = new Map<string, number>();
  let failedAt = 0;
  /** Until when nobody asks, but one who finds out whether it is back. */
  let closedUntil = 0;

  async function run<T>(
    operation: string,
    act: () => Promise<T>,
    late: (value: T) => void = () => {},
  ): Promise<T> {
    if (closedUntil > Date.now()) throw new Error("the store did not answer");
    // One finds out; the others go on without.
    if (closedUntil > 0) closedUntil = Date.now() + limit;
    try {
      const value = await within(limit, act(), late);
      closedUntil = 0;
      failing.delete(operation);
      return value;
    } catch (thrown) {
      failedAt = Date.now();
      if (thrown === TOO_LATE) closedUntil = failedAt + AGAIN;
      for (const [name, at] of failing) if (at < failedAt - FORGOTTEN) failing.delete(name);
      if (failing.size === 0) tell(operation, thrown);
      failing.set(operation, failedAt);
      throw thrown;
    }
  }

  const { publish, subscribe } = store;
  return {
    get failedAt() {
      return failedAt;
    },
    get: (key) => run("get", async () => store.get(key)),
    set: (key, value, seconds) => run("set", async () => store.set(key, value, seconds)),
    add: (key, value, seconds) =>
      run(
        "add",
        async () => store.add(key, value, seconds),
        // Nobody acts on what was added too late: it is as if it had never been.
        (added) => {
          if (added) void Promise.resolve(store.delete(key)).catch(() => {});
        },
      ),
    delete: (...keys) => run("delete", async () => store.delete(...keys)),
    ...(publish && {
      publish: (message: string) => run("publish", async () => publish.call(store, message)),
    }),
    ...(subscribe && { subscribe: subscribe.bind(store) }),
  };
}

/** Milliseconds by which a clock is late in a process that is busy, and that it has to read what has come. */
const BUSY = 50;

const TOO_LATE = new Error("the store did not answer in time");

/** What comes in time; what comes later is handed over. */
function within<T>(limit: number, promise: Promise<T>, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const start = Date.now();
    const end = () => {
      over = true;
      reject(TOO_LATE);
    };
    let clock = setTimeout(() => {
      // A process that was busy itself may have the answer, and not have read it.
      if (Date.now() - start < limit + BUSY) end();
      else clock = setTimeout(end, BUSY);
    }, limit);
    promise.then(
      (value) => {
        clearTimeout(clock);
        if (over) late(value);
        else resolve(value);
      },
      (thrown: unknown) => {
        clearTimeout(clock);
        reject(thrown ?? new Error("the store failed"));
      },
    );
  });
}

/** One line, without what the cause says: it may hold values. */
function note(operation: string, cause: unknown): void {
  const why = cause === TOO_LATE ? "no answer in time" : cause instanceof Error ? cause.name : typeof cause;
  console.error(
    `httponly: the store fails at ${operation} (${why}); it is asked again, and this line is not repeated until it works`,
  );
}
