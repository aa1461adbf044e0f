/**
 * Measures functions that do the same thing, taking turns: A B C, A B C, … A noisy neighbour then slows a whole round
 * rather than one candidate, so ratios within a round hold where nanoseconds do not. Runs in Node and in the page.
 *
 * @module
 */

/** Milliseconds of warming up. */
const WARM = 20;

/** Its own code for each candidate, so that none is slowed by the types that another one saw. */
let loops = 0;
const loopOver = () =>
  new Function(
    "call",
    "from",
    "n",
    "settle",
    `/* ${++loops} */ let sum = 0;
    for (let i = from; i < from + n; i++) { const got = call(i); if (got) sum += got.length; }
    settle?.();
    return sum;`,
  );

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param candidates `{ [name]: (i) => answer }`; the first is what the others are divided by
 * @param rounds how often each takes its turn
 * @param milliseconds how long a turn takes
 * @param expected `(i) => answer`: throws for a candidate that answers otherwise
 * @param bare a candidate that does less than the others, so that nothing is expected of it
 * @param settle ends a turn, and belongs to it: what was begun in the turn must be over before the next one
 * @returns for each candidate, in nanoseconds, `median` and `best`; and to the first candidate, `ratio`, the median of
 *   one ratio a round, and `ratioOfBest`
 */
export function compare(candidates, { rounds, milliseconds, expected, bare, settle }) {
  const entries = Object.entries(candidates).map(([name, call]) => {
    for (let i = 0; expected && name !== bare && i < 128; i++) {
      const [is, should] = [call(i) ?? null, expected(i) ?? null];
      if (is !== should)
        throw new Error(`${name} answers ${JSON.stringify(is)} for ${JSON.stringify(should)}`);
    }
    const loop = loopOver();
    let n = 16;
    let took = 0;
    // Long enough for the compilers to have had their say.
    for (let began = performance.now(); performance.now() - began < WARM; ) {
      const start = performance.now();
      loop(call, 0, n, settle);
      took = performance.now() - start;
      if (took < milliseconds / 2) n = Math.ceil(n * Math.min(8, milliseconds / Math.max(took, 0.01)));
    }
    return { name, call, loop, n, at: 0, times: [] };
  });
  for (let round = 0; round < rounds; round++)
    for (const entry of entries) {
      const start = performance.now();
      entry.loop(entry.call, entry.at, entry.n, settle);
      entry.times.push(((performance.now() - start) * 1e6) / entry.n);
      entry.at += entry.n;
    }
  const [base] = entries;
  return Object.fromEntries(
    entries.map(({ name, times }) => [
      name,
      {
        median: median(times),
        best: Math.min(...times),
        ratio: median(times.map((time, round) => time / base.times[round])),
        ratioOfBest: Math.min(...times) / Math.min(...base.times),
      },
    ]),
  );
}
