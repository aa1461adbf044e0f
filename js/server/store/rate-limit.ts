/**
 * Limits to attempts at signing in, by account and by client, counted for all instances.
 *
 * A store counts by taking places: of as many as are allowed each attempt takes one, so that many at once are counted, too.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { ownOptions } from "../options.ts";
import { failed } from "../sign-in/failure.ts";
import { numberOption } from "../sign-in/options.ts";
import { memoryStore, type Store } from "../store.ts";

/** What an app says about limits. */
export interface RateOptions {
  rateLimit?: false | { account?: number; client?: number; seconds?: number } | undefined;
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
}

/** Counts attempts. */
export interface RateLimits {
  /**
   * Counts one; `forget` takes that back.
   *
   * @throws AuthError 429 with the seconds to wait, where there are too many
   */
  count(
    stage: "credentials" | "magic-link",
    request: Request,
    platform: unknown,
    fields: Record<string, string>,
  ): Promise<{ forget(): Promise<void> }>;
}

/** The places that are taken already, for a key: the next attempt need not try them. */
const HINTS = 10_000;

/** Limits by these options; while the store is away, each instance counts by itself. */
export function rateLimits({ rateLimit, clientAddress }: RateOptions, store: Store): RateLimits {
  if (rateLimit === false) return { count: async () => ({ forget: async () => {} }) };
  const names = { account: true, client: true, seconds: true } as const;
  const own = ownOptions("createAuth: rateLimit", rateLimit ?? {}, names);
  const account = numberOption("rateLimit.account", own.account, "attempts") ?? 10;
  const client = numberOption("rateLimit.client", own.client, "attempts") ?? 50;
  const seconds = numberOption("rateLimit.seconds", own.seconds) ?? 900;
  const fallback = memoryStore();
  const hints = new Map<string, number>();

  /** Takes one of so many places; the place, or nothing if there is none left. */
  async function take(key: string, places: number, left: number): Promise<string | undefined> {
    for (let place = hints.get(key) ?? 0; place < places; place++) {
      const name = `${key} ${place}`;
      const taken = await store.add(name, "1", left).catch(() => fallback.add(name, "1", left));
      if (!taken) continue;
      hints.set(key, place + 1);
      for (const [oldest] of hints) {
        if (hints.size <= HINTS) break;
        hints.delete(oldest);
      }
      return name;
    }
    return undefined;
  }

  async function giveBack(key: string, place: string): Promise<void> {
    hints.delete(key);
    await Promise.allSettled([store.delete(place), fallback.delete(place)]);
  }

  return {
    async count(stage, request, platform, fields) {
      const [window, left] = callWasm((m) => m.rateWindow(Date.now(), seconds)) as unknown as [
        number,
        number,
      ];
      const address = clientAddress?.(request, platform);
      const from = typeof address === "string" ? callWasm((m) => m.rateClient(address)) : undefined;
      const whose = callWasm((m) => m.rateAccount(Object.entries(fields).flat()));
      const limits: [string, number][] = [];
      // The client's first: whoever tries all accounts uses up none of theirs.
      if (from !== undefined) limits.push([`rate ${stage} client ${from} ${window}`, client]);
      if (whose !== undefined) limits.push([`rate ${stage} account ${whose} ${window}`, account]);
      const taken: [string, string][] = [];
      for (const [key, places] of limits) {
        const place = await take(key, places, left);
        if (place === undefined)
          throw Object.assign(failed("RATE_LIMITED", stage, { provider: stage }), { retryAfter: left });
        taken.push([key, place]);
      }
      return { forget: async () => void (await Promise.all(taken.map((one) => giveBack(...one)))) };
    },
  };
}
