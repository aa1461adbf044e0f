/**
 * `sentences.ts` for production: the rule's number, which docs/errors.md explains.
 *
 * @module
 */

/** The number of a rule. */
export function sentence(packed: number, _given?: Record<string, unknown>): [rule: string, blame: string] {
  return [`httponly: rule ${packed % 256}`, ""];
}
