/**
 * Tables for people, and the verdict on a budget.
 *
 * @module
 */

/** Aligns columns: the first to the left, all others to the right. */
export function table(head, rows) {
  const lines = [head, ...rows].map((row) => row.map((cell) => String(cell ?? "")));
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  const aligned = lines.map((line) =>
    widths
      .map((width, column) => (column ? (line[column] ?? "").padStart(width) : line[0].padEnd(width)))
      .join("  ")
      .trimEnd(),
  );
  return [aligned[0], widths.map((width) => "-".repeat(width)).join("  "), ...aligned.slice(1)].join("\n");
}

/** Time as a person would say it. */
export const time = (nanoseconds) =>
  nanoseconds < 1e3
    ? `${nanoseconds.toFixed(0)} ns`
    : nanoseconds < 1e6
      ? `${(nanoseconds / 1e3).toFixed(1)} µs`
      : `${(nanoseconds / 1e6).toFixed(2)} ms`;

export const bytes = (number) => number.toLocaleString("en-US");
export const ratio = (number) => `${number.toFixed(2)}×`;

/**
 * Whether a figure keeps its budget.
 *
 * @param exact true for what comes out the same on every machine: `--check` fails on these alone
 */
export const budget = (what, is, limit, { exact = false, unit = "×", source = "" } = {}) => ({
  what,
  is,
  limit,
  unit,
  exact,
  source,
  ok: is <= limit,
});

export const verdict = ({ ok }) => (ok ? "ok" : "OVER");
