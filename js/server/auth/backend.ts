/**
 * Sessions of a remote authentication backend: a server of its own, such as Better Auth, that this app asks whose a
 * request is, and whose paths it serves as if they were its own.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { headersFor } from "../headers.ts";
import { answering } from "../refusal.ts";
import { taken } from "../store/revocations.ts";
import { apply } from "./changes.ts";
import { declare } from "./declared.ts";
import { type Change, changesOf } from "./exchange.ts";
import { handling } from "./handler.ts";
import { lookingUp } from "./lookup.ts";
import type { AuthBackendOptions } from "./options.ts";
import type { BackendAuth } from "./types.ts";

/**
 * Sessions of a remote authentication backend, Better Auth by default.
 *
 * - `getSession` asks the backend whose a request is, once for all that ask at the same time, and remembers the answer.
 * - `handler` serves the backend's paths: mount it at `basePath`. Cookies pass byte for byte, tokens never reach the
 *   page, redirects of the backend lead into the app.
 * - `purge` forgets: call it where a session ends without the handler's doing.
 *
 * Keep one for the app, at module level: the cache is in it, and nothing of a request is.
 *
 * @throws TypeError if an option is of the wrong kind
 * @throws HttpOnlyError if `cookie` or `domain` is none
 *
 * @example
 * ```ts
 * const auth = authBackend({ url: "http://127.0.0.1:8789", cookie: "codex-session" });
 * const { status, user } = await auth.getSession(request);
 * ```
 */
export function authBackend(given: AuthBackendOptions): BackendAuth {
  const declared = declare(given);
  const { basePath, cache, onError, origin, readRevocation } = declared;
  const lookup = lookingUp(declared);
  return {
    basePath: basePath.replace(/\/$/, ""),
    ...(origin !== undefined && { origin }),
    handler: handling(declared, lookup),
    getSession: lookup.getSession,
    purge(what) {
      apply(cache, purged(what), [], Date.now());
      void cache.told();
    },
    revocations: answering(
      { name: "authBackend", onError, headers: headersFor("session-error") },
      async (request) => {
        if (readRevocation === undefined)
          throw new TypeError("authBackend: revocations needs revocationSecret");
        const { changes, since } = await readRevocation(request);
        apply(cache, changes, [], since);
        await cache.told();
        return taken();
      },
    ),
  };
}

/** What a call of `purge` changes. */
function purged(what: unknown): Change[] {
  if (what === undefined) return [["forget-all", ""]];
  if (typeof what === "string") return changesOf(callWasm((m) => m.endOf("token", what)));
  const { userId, ...others } = Object(what) as { userId?: unknown };
  if (typeof userId !== "string" || userId === "" || Object.keys(others).length > 0)
    throw new TypeError("what is purged must be a token, { userId: string } or nothing at all");
  return changesOf(callWasm((m) => m.endOf("id", userId)));
}
