/**
 * Answers that are worth keeping: of a pure function, for few different questions.
 *
 * @module
 */

/** Keeps up to `limit` answers; beyond that it forgets all and starts again. */
export function memo<T>(limit: number, answer: (question: string) => T): (question: string) => T {
  const known = new Map<string, T>();
  return (question) => {
    let answered = known.get(question);
    if (answered === undefined) {
      answered = answer(question);
      if (known.size >= limit) known.clear();
      known.set(question, answered);
    }
    return answered;
  };
}
