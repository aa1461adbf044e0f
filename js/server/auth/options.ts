/**
 * The options of `authBackend`.
 *
 * @module
 */
import type { OnError } from "../refusal.ts";
import type { Store } from "../store.ts";
import type { UpstreamFetch } from "../transport.ts";
import type { User } from "./types.ts";

/** Options of `authBackend`. */
export interface AuthBackendOptions {
  /** The backend: an http(s) origin, with a path before {@link basePath} if there is one. A function is asked each time. */
  url: string | ((request: Request, platform?: unknown) => string);
  /**
   * The name of its session cookie, by default `better-auth.session_token`. It is known with `__Secure-` and `__Host-`
   * before it, too.
   */
  cookie?: string | undefined;
  /**
   * The names of its other cookies, or how they begin: `codex.*`. Only its own cookies are sent to it. By default
   * `better-auth.*`, and what begins as the session cookie does up to its first `.`, `-` or `_`: `codex.*` for
   * `codex-session`.
   */
  cookies?: readonly string[] | undefined;
  /** The Domain of its cookies, if they have one. By default a dead cookie is cleared at every domain above the host. */
  domain?: string | undefined;
  /**
   * The Domain that its cookies get in the browser, in place of their own; `false` takes it away, which makes them
   * host-only. Without this every line passes byte for byte. `__Host-` cookies never get one.
   */
  setCookieDomain?: string | false | undefined;
  /**
   * How to tell whose a session is: `lookup` asks the backend, which is the default; `jwt` reads the session cookie as a
   * JSON Web Token, for a backend that has nobody to ask.
   *
   * **`jwt` verifies nothing**: whoever writes a cookie of his own is whoever he likes to be. It serves to show a name and
   * to lead visitors to the login page; what it guards has to come from an API that verifies the token. So roles and
   * verified addresses are empty, unless {@link claims} says otherwise.
   */
  session?: "lookup" | "jwt" | undefined;
  /**
   * With `session: "jwt"`: the user for a token's claims, or null for nobody. By default `sub`, `email` and `name`, without
   * a role.
   */
  claims?: ((claims: Record<string, unknown>) => User | null) | undefined;
  /** Below which the backend's paths lie, here and there; default `/api/auth`. */
  basePath?: string | undefined;
  /**
   * Pages of the app. `magicLink`: where the link of a mail leads, whose form uses it; a plain page of this package's own
   * when absent. A local path.
   */
  pages?: { magicLink?: string } | undefined;
  /** The paths below {@link basePath} that differ from Better Auth's `/get-session` and `/sign-out`. */
  paths?: { getSession?: string; signOut?: string } | undefined;
  /**
   * Seconds for which an answer is kept; default 300, 0 keeps none. That is how long a session lives on here which the
   * backend ended without this process's doing; `purge` ends it at once. Absence of a session is kept for at most 60.
   */
  cacheTtl?: number | undefined;
  /** How many sessions are kept at most, and as many absences; default 10,000. */
  cacheSize?: number | undefined;
  /**
   * What all instances of the app know: what one looked up the others need not, and what ends on one ends on all. Without
   * it each process has a cache of its own, and what ends elsewhere lives on in it for {@link cacheTtl}.
   */
  store?: Store | undefined;
  /**
   * Encrypts what is in {@link store}: a text of at least 32 bytes, the same for all instances; or several, of which the
   * first encrypts and all decrypt.
   */
  secret?: string | readonly string[] | undefined;
  /**
   * Seconds for which an instance answers without the {@link store}; default 5. That is how long a session lives on, at
   * most, on an instance that missed the message of its ending.
   */
  localTtl?: number | undefined;
  /**
   * What the backend signs the messages with that `revocations` takes: a text of at least 32 bytes, or several, of which
   * any is taken.
   */
  revocationSecret?: string | readonly string[] | undefined;
  /** Milliseconds until the backend has answered; default 5000. */
  timeout?: number | undefined;
  /** Bytes of a request's body through the handler, 413 beyond; default 1 MiB. */
  bodyLimit?: number | undefined;
  /**
   * Calls the backend, in place of the global `fetch`: a service binding, say,
   * `(input, init, platform) => platform.env.AUTH.fetch(input, init)`, where `platform` is what `handler` and
   * `getSession` get beside the request.
   */
  fetch?: UpstreamFetch | undefined;
  /** The app's own origin, for servers behind TLS; by default that of `request.url`. The backend has to trust it. */
  origin?: string | undefined;
  /** The client's address from a source that you trust: it becomes `X-Forwarded-For`. Without it, none is sent. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
  /** Is told of every refusal and failure of the handler, and of look-ups that nobody answered. */
  onError?: OnError | undefined;
}
