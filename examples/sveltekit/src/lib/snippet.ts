/** The call as one would write it. Long values are cut, so that the line stays a line. */
export function snippet(name: string, args: unknown[]): string {
  const shown = args.filter(
    (arg) => !(typeof arg === "object" && arg !== null && Object.keys(arg).length === 0),
  );
  return `${name}(${shown.map(literal).join(", ")})`;
}

function literal(value: unknown): string {
  if (value instanceof Date) return `new Date("${value.toISOString()}")`;
  if (typeof value === "string")
    return value.length > 40 ? `"${value.slice(0, 16)}…" /* ${value.length} */` : JSON.stringify(value);
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${literal(inner)}`)
      .join(", ")} }`;
  return String(value);
}
