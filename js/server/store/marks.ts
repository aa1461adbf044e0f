/**
 * What tells whether something that is kept in a store is still true: each thing that an answer is about has a mark there,
 * a random text. An answer is kept with the marks that it was found under, and is true while they are the same; whoever
 * changes one of the things gives it another mark. A mark that is lost makes no answer true.
 *
 * @module
 */
import { random } from "../random.ts";
import type { Store } from "../store.ts";

/** Marks, by the names of what they are about. */
export type Marks = ReadonlyMap<string, string>;

/** How marks begin that an ending left, and those that stand for nothing but their presence. */
const ENDED = "e";
const PRESENT = "n";

/** Whether a mark was left by an ending. */
export const isEnding = (mark: string | undefined): boolean => mark?.startsWith(ENDED) === true;

/** The marks of these names: those that are absent are made. */
export async function hold(
  store: Store,
  names: readonly string[],
  seconds: (name: string) => number,
): Promise<Marks> {
  const marks = await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const held = await store.get(name);
      if (held !== null) return [name, held];
      const made = PRESENT + random();
      if (await store.add(name, made, seconds(name))) return [name, made];
      return [name, (await store.get(name)) ?? ""];
    }),
  );
  return new Map(marks);
}

/** Whether these marks are the same now. */
export async function areSame(store: Store, marks: Iterable<readonly [string, string]>): Promise<boolean> {
  const same = await Promise.all(
    [...marks].map(async ([name, mark]) => mark !== "" && (await store.get(name)) === mark),
  );
  return same.every(Boolean);
}

/** Gives these names another mark: what was found before is not true any more. */
export async function change(
  store: Store,
  names: readonly string[],
  seconds: (name: string) => number,
): Promise<void> {
  const mark = ENDED + random();
  await Promise.all(names.map((name) => store.set(name, mark, seconds(name))));
}
