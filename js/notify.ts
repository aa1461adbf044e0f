/**
 * Calls listeners.
 *
 * @module
 */

/** Calls each of those that listen now. What one throws goes to the console and to `window.onerror`, not to the others. */
export function notify<A extends unknown[]>(listeners: Iterable<(...args: A) => void>, ...args: A): void {
  for (const listener of [...listeners])
    try {
      listener(...args);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
}
