/**
 * Does to what is known of sessions what the rules say.
 *
 * @module
 */
import type { Sessions, Stored } from "../store/sessions.ts";
import type { Change } from "./exchange.ts";

/**
 * Makes changes, but for somebody's arrival, whose session has to be looked up: of that it gives the `Cookie` header.
 *
 * @param handles the hashes of the tokens that the request carried
 * @param since milliseconds since 1970, before the backend was asked
 */
export function apply<T extends Stored>(
  cache: Sessions<T>,
  changes: readonly Change[],
  handles: string[],
  since: number,
): string | undefined {
  let arrived: string | undefined;
  for (const [kind, who] of changes) {
    if (kind === "forget") cache.drop([who]);
    else if (kind === "end") cache.end({ handles: [who] }, since);
    else if (kind === "forget-user") cache.dropUser(who);
    else if (kind === "end-user") cache.end({ user: who }, since);
    else if (kind === "forget-email") cache.dropEmail(who);
    else if (kind === "forget-all") cache.clear();
    else if (kind === "end-all") cache.end({ all: true }, since);
    else if (kind === "replace") cache.replace(handles, who.split(" ").filter(Boolean), Date.now());
    else arrived = who;
  }
  return arrived;
}
