/** Waiting that holds no process up. @module */

/** Acts later; a process that has nothing else to do does not wait for that. */
export function later(act: () => unknown, milliseconds: number): void {
  const clock: unknown = setTimeout(act, milliseconds);
  (clock as { unref?(): void }).unref?.();
}

/** Waits. */
export const sleep = (milliseconds: number): Promise<undefined> =>
  new Promise((done) => {
    setTimeout(() => done(undefined), milliseconds);
  });
