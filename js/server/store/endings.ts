/**
 * What ends or changes sessions, as instances tell it to each other.
 *
 * @module
 */
import type { Kept, SessionCache } from "../auth/cache.ts";

/**
 * - `token`, `user`, `email`, `clear`: what is kept of a session, of a user's or of all is not true any more.
 * - `over-token`, `over-user`, `over-all`: sessions that began before a time are over, and copies of them with them.
 * - `late`: a browser has got another session than that of this token.
 */
export type Kind = "token" | "user" | "email" | "clear" | "over-token" | "over-user" | "over-all" | "late";

/** Its kind, of whom it is, and since when, in milliseconds since 1970; 0 where that does not matter. */
export type Ending = [kind: Kind, who: string, since: number];

/** Messages about endings. */
export const ending = {
  write: (from: string, endings: readonly Ending[]): string => JSON.stringify({ from, endings }),
  /** Nothing for what is no such message. */
  read(message: string): { from: string; endings: Ending[] } | undefined {
    try {
      const { from, endings } = JSON.parse(message) as { from: string; endings: Ending[] };
      return Array.isArray(endings) ? { from, endings } : undefined;
    } catch {
      return undefined;
    }
  },
};

/** Does in a process what endings say. */
export function heed<T extends Kept & { email: string }>(
  cache: SessionCache<T>,
  endings: readonly Ending[],
): void {
  for (const [kind, who, since] of endings) {
    if (kind === "token") cache.drop([who]);
    else if (kind === "user") cache.dropUser(who);
    else if (kind === "email") cache.dropWhere(({ email }) => email === who);
    else if (kind === "clear") cache.clear();
    else if (kind === "over-token") cache.end({ handles: [who] }, since);
    else if (kind === "over-user") cache.end({ user: who }, since);
    else if (kind === "over-all") cache.end({ all: true }, since);
    else if (kind === "late") cache.replace([who], [], since);
  }
}
