/**
 * A second factor after the first: who signed in waits, sealed in a cookie of ten minutes, until a code is right.
 *
 * @module
 */
import { callWasm, type SignInBinding } from "../../wasm/server.ts";
import { random } from "../random.ts";
import type { Store } from "../store.ts";
import { failed } from "./failure.ts";
import type { Sealer } from "./seal.ts";
import { call } from "./session.ts";
import type { SecondFactor } from "./types.ts";

/** Seconds between the first factor and the second. */
const WAIT = 600;
/** Wrong codes that one first factor allows. */
const ATTEMPTS = 5;
const DAY = 86_400;

type User = object & { id: string };

/** What waits. */
export interface Waiting {
  user: User;
  provider: string;
  remember: boolean;
  /** Where the visitor goes then. */
  callback: string;
}

/** The second factor of an app; every user passes where it has none. */
export interface SecondStep {
  /** The methods that a user has to choose from; nothing where none is needed, or this browser is trusted. */
  needed(
    request: Request,
    user: User,
    provider: string,
    platform: unknown,
  ): Promise<readonly string[] | undefined>;
  /** The lines that let a user wait. */
  wait(request: Request, waiting: Waiting): Promise<string[]>;
  /** Checks a code of a method; gives who waited, and the lines that end it. */
  check(
    request: Request,
    method: string,
    fields: Record<string, string>,
    platform: unknown,
  ): Promise<Waiting & { lines: string[] }>;
  /** Sends a code to who waits. */
  send(request: Request, platform: unknown): Promise<void>;
}

const METHODS: Record<string, string> = {
  "verify-totp": "totp",
  "verify-otp": "otp",
  "verify-backup-code": "backup-code",
};

/** The second factor by these options. */
export function secondStep(
  options: SecondFactor<never> | undefined,
  door: SignInBinding,
  sealer: Sealer,
  store: Store,
): SecondStep {
  const headerOf = (request: Request) => request.headers.get("cookie") ?? "";
  const now = () => Date.now() / 1000;

  async function waiting(request: Request): Promise<Waiting & { id: string }> {
    const sealed = callWasm(() => door.secondFactor(headerOf(request), false));
    const found = sealed ? await sealer.open("second-factor", sealed) : undefined;
    if (found === undefined || Number(found.end) <= now())
      throw failed("INVALID_TWO_FACTOR_COOKIE", "second-factor");
    return found as unknown as Waiting & { id: string };
  }

  async function isTrusted(request: Request, user: User): Promise<boolean> {
    const sealed = callWasm(() => door.secondFactor(headerOf(request), true));
    const found = sealed ? await sealer.open("trusted", sealed) : undefined;
    return found?.user === user.id && Number(found.end) > now();
  }

  async function trust(request: Request, user: User): Promise<string[]> {
    const seconds = options?.trust ?? 30 * DAY;
    if (seconds === 0) return [];
    const sealed = await sealer.seal("trusted", { user: user.id, end: now() + seconds });
    return callWasm(() => door.setSecondFactor(headerOf(request), true, sealed, seconds));
  }

  return {
    async needed(request, user, provider, platform) {
      if (options === undefined) return undefined;
      const methods = await call("second-factor", () =>
        options.required(user as never, { provider, request, platform }),
      );
      if (methods === null) return undefined;
      // A mistake of the app's lets nobody in.
      if (!Array.isArray(methods) || !methods.every((method) => typeof method === "string"))
        throw failed("APP_ERROR", "second-factor", {
          cause: new TypeError("required must give a list of methods, or null"),
        });
      if (methods.length === 0) return undefined;
      return (await isTrusted(request, user)) ? undefined : methods;
    },
    async wait(request, waits) {
      const sealed = await sealer.seal("second-factor", { ...waits, id: random(), end: now() + WAIT });
      return callWasm(() => door.setSecondFactor(headerOf(request), false, sealed, WAIT));
    },
    async check(request, route, fields, platform) {
      if (options === undefined) throw failed("FLOW_NOT_FOUND", "second-factor");
      const { id, ...waits } = await waiting(request);
      const method = METHODS[route] ?? "";
      const code = (fields.code ?? "").trim();
      if (code === "" || code.length > 64) throw failed("INVALID_FIELD", "second-factor", { field: "code" });
      let left = false;
      // Each attempt takes a place of its own, so that many at once are counted, too.
      for (let attempt = 0; attempt < ATTEMPTS && !left; attempt++)
        left = await store.add(`code:${id}:${attempt}`, "1", WAIT);
      if (!left) throw failed("TOO_MANY_ATTEMPTS", "second-factor");
      const right = await call("second-factor", () =>
        options.verify({ user: waits.user as never, method, code, request, platform }),
      );
      if (right !== true) throw failed("INVALID_CODE", "second-factor", { field: "code" });
      // One code, one session.
      if (!(await store.add(`code:${id}`, "1", WAIT)))
        throw failed("INVALID_TWO_FACTOR_COOKIE", "second-factor");
      const trusted = fields.trustDevice === "true" || fields.trustDevice === "on";
      const lines = callWasm(() => door.setSecondFactor(headerOf(request), false, "", 0));
      return { ...waits, lines: trusted ? [...lines, ...(await trust(request, waits.user))] : lines };
    },
    async send(request, platform) {
      const { send } = options ?? {};
      if (send === undefined) throw failed("FLOW_NOT_FOUND", "second-factor");
      const { user } = await waiting(request);
      await call("second-factor", () => send(user as never, { request, platform }));
    },
  };
}
