/**
 * What the page asks of its own server: to set cookies that no script may see, to sign in and out, who is signed in.
 *
 * @module
 */
import type { CookieOptions } from "./cookies.ts";
import { type ErrorCode, HttpOnlyError, NOT_STORED, refusal } from "./errors.ts";
import type { Session, User } from "./server/auth/types.ts";
import type { Register, RegisteredSignin, RegisteredUser } from "./server/sign-in/types.ts";
import { announce } from "./session-channel.ts";
import { instantiate } from "./wasm/load.ts";

/** What an HttpOnly cookie is set with; always `Secure; HttpOnly`. */
export type HttpOnlyCookieOptions = Pick<
  CookieOptions,
  "maxAge" | "expires" | "sameSite" | "path" | "includeSubdomains" | "domain" | "partitioned"
>;

/** Where the page's requests go. */
export interface Configuration {
  /** A path on the page's origin. Default `/.nordcraft/cookies/set-cookie`. */
  cookieEndpoint?: string | undefined;
  /** A path on the page's origin, where an `Auth`'s handler is mounted. Default `/api/auth`. */
  authEndpoint?: string | undefined;
  /** Default `POST`, so that no token stands in a URL or a log. `GET` speaks to a server that has only that. */
  method?: "POST" | "GET" | undefined;
}

const SESSION_ENDPOINT = "/.toddle/cookies/set-session-cookie";

const configuration = {
  cookieEndpoint: "/.nordcraft/cookies/set-cookie",
  authEndpoint: "/api/auth",
  method: "POST",
};

/** Changes where the page's requests go; what is not named stays as it is. */
export function configure(options: Configuration): void {
  for (const [key, value] of Object.entries(options ?? {}))
    if (value !== undefined) configuration[key as keyof Configuration] = value;
}

type Module = typeof import("./wasm/account.ts");
/** What the module throws. */
type Thrown = { code: ErrorCode; message: string; rule?: string; to?: string };

/** Asks the module, and makes an error of what it or a server refuses. */
async function ask<T>(what: (account: Module) => Promise<T>): Promise<T> {
  const account = await import("./wasm/account.ts");
  await account.load(instantiate);
  try {
    return await what(account);
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    const { code, message, rule, to, ...more } = thrown as Thrown;
    const error = Object.assign(new HttpOnlyError(code, message, rule), more);
    if (to !== undefined) location.assign(to);
    throw error;
  }
}

const OPTIONS = ["maxAge", "expires", "sameSite", "path", "includeSubdomains", "domain", "partitioned"];

/**
 * In a frame of another site a browser drops what is not SameSite=None, and no script sees whether it has: so a cookie
 * that a script does see is tried first. Throws `not-stored` where that one was not kept.
 */
function tryInFrame({ sameSite, partitioned, maxAge }: HttpOnlyCookieOptions): void {
  if (typeof document === "undefined" || self.parent === self || maxAge === 0) return;
  if (partitioned || String(sameSite).toLowerCase() === "none") return;
  const probe = "httponly.probe=1";
  let kept: boolean;
  try {
    document.cookie = `${probe}; SameSite=Lax`;
    kept = document.cookie.includes(probe);
    document.cookie = `${probe}; SameSite=Lax; Max-Age=0`;
  } catch {
    // A sandboxed document: the request itself will tell.
    return;
  }
  if (!kept) throw refusal(NOT_STORED);
}

/** Sets a cookie through an endpoint of the page's own server. */
async function set(
  endpoint: string,
  name: unknown,
  value: unknown,
  given: HttpOnlyCookieOptions | null | undefined,
): Promise<void> {
  const options = given ?? {};
  const unknown = Object.keys(options).find((option) => !OPTIONS.includes(option));
  if (unknown !== undefined) throw new TypeError(`unknown option "${unknown}"`);
  tryInFrame(options);
  return ask((m) => m.setHttpOnlyCookie(endpoint, configuration.method, name, value, options));
}

/**
 * Sets a cookie that no script can read, through the cookie endpoint of the page's own server.
 *
 * Without `maxAge` and `expires`, a JWT lives until its `exp`, anything else until the browser is closed.
 *
 * @throws {HttpOnlyError} what {@link setCookie} would throw, before anything is sent; `network`; the endpoint's own
 *   code, or `endpoint-refused` if it gives none
 * @example
 * ```ts
 * await setHttpOnlyCookie("access_token", token);
 * await setHttpOnlyCookie("access_token", "", { maxAge: 0 }); // signs out
 * ```
 */
export function setHttpOnlyCookie(
  name: string,
  value: string,
  options?: HttpOnlyCookieOptions,
): Promise<void> {
  return set(configuration.cookieEndpoint, name, value, options);
}

/**
 * Deletes a cookie that no script can read; give the path that it was set with. Unless `includeSubdomains` says which,
 * both the Domain and the host-only cookie go. Throws as {@link setHttpOnlyCookie}.
 */
export function deleteHttpOnlyCookie(
  name: string,
  options?: Pick<HttpOnlyCookieOptions, "path" | "includeSubdomains" | "domain" | "partitioned">,
): Promise<void> {
  return set(configuration.cookieEndpoint, name, "", { ...options, maxAge: 0 });
}

/**
 * Sets the cookie `access_token` through the endpoint's old path.
 *
 * @deprecated `setHttpOnlyCookie("access_token", token)` does the same.
 * @param ttl seconds to live
 */
export function setSessionCookies(accessToken: string, ttl?: number): Promise<void> {
  return set(SESSION_ENDPOINT, "access_token", accessToken, { maxAge: ttl });
}

/** Where the page goes after it signed in, or could not: a path, or a URL of the page's own origin; `/` for any other. */
interface Callbacks {
  /**
   * Where the visitor goes once signed in. A page that stays at `credentials` when it is absent; other ways lead to `/`.
   */
  successCallback?: string | undefined;
  /**
   * Where the visitor goes if the backend refuses, with `error` and, if there is one, `reason` in the query. When
   * absent, a page that was left comes back to its own path, and one that was not stays.
   */
  failureCallback?: string | undefined;
}

/** With an e-mail address and a password. */
export interface CredentialsSignin extends Callbacks {
  provider: "credentials";
  /** `rememberMe: false` ends the session with the browser's. Whatever else the backend takes is passed on. */
  credentials: { email: string; password: string; rememberMe?: boolean; [field: string]: unknown };
}

/** With a link in a mail. */
export interface MagicLinkSignin extends Callbacks {
  provider: "magic-link";
  /** `name` is that of a new user. */
  credentials: { email: string; name?: string; [field: string]: unknown };
}

/** With a provider elsewhere, by the name that the backend knows it by: `google`. */
export interface ProviderSignin extends Callbacks {
  provider: string;
  /** Passed on. */
  credentials?: { [field: string]: unknown } | undefined;
}

/** What {@link signin} takes: the providers and fields of the app's own sign-in, where it declares one in `Register`. */
export type SigninOptions = Register extends { auth: unknown }
  ? RegisteredSignin<Callbacks>
  : CredentialsSignin | MagicLinkSignin | ProviderSignin;

/** What {@link signin} gives: who is signed in. */
export interface SignedIn<U> {
  user: U;
  twoFactor?: undefined;
}

/** What {@link signin} gives where the first factor was right, and a second is needed. */
export interface SecondFactorNeeded {
  user: null;
  /** The methods that the user may choose from, by the backend's names: `totp`, `otp`. */
  twoFactor: { methods: string[] };
}

/** What {@link signin} gives where a mail is under way. */
export interface NobodyYet {
  user: null;
  twoFactor?: undefined;
}

/** The failure with which a sign-in elsewhere led back to this page, by its address; null for none. */
export async function failureInAddress(): Promise<HttpOnlyError | null> {
  const query = location.search.slice(1);
  if (!query.includes("error=")) return null;
  return ask(async (m) => m.cameBack(query)).then(
    () => null,
    (thrown: unknown) => (thrown instanceof HttpOnlyError ? thrown : null),
  );
}

/** What {@link getSession} found. */
export interface SessionFound {
  user: User;
  session: Session;
  /** What the backend says beside them; absent for nothing. */
  data?: Record<string, unknown>;
}

let lookup: Promise<SessionFound | null> | undefined;

/**
 * Does what changes the session. Nobody gets an answer that was asked for before; who shows it is told afterwards, and
 * the page goes where it has to.
 */
async function change<T extends { user?: User | null; to?: string | undefined }>(
  what: (account: Module) => Promise<T>,
): Promise<T> {
  lookup = undefined;
  try {
    const outcome = await ask(what);
    lookup = undefined;
    const { user, to } = outcome;
    if (user !== undefined) announce({ user: user?.id ?? null });
    if (to !== undefined) location.assign(to);
    return outcome;
  } catch (error) {
    lookup = undefined;
    if (error instanceof HttpOnlyError) announce({ error });
    throw error;
  }
}

/**
 * Signs in, through the handler that is mounted at `authEndpoint`.
 *
 * - `credentials` resolves with the user, and goes to `successCallback` if there is one. Where a second factor is needed, it
 *   resolves with no user and the methods that there are (`totp`, `otp`), and goes nowhere: a form of the app asks for the
 *   code.
 * - `magic-link` resolves with no user: a mail is under way, and its link leads to `successCallback`.
 * - Any other provider leaves the page and never resolves. The visitor comes back to `successCallback` or
 *   `failureCallback`; a page that the back button restores has to reset its own form, on `pageshow`.
 *
 * No token is ever in the page: the session is a cookie that no script can read.
 *
 * @throws {HttpOnlyError} `signin-failed`, with the backend's own code as `reason`; `rate-limited`, with `retryAfter`
 *   in seconds if the backend says so; `unavailable`; `network`; `cross-origin`; `endpoint-refused` where no handler is
 *   mounted; `field-invalid` for options that are none
 * @example
 * ```ts
 * const { user, twoFactor } = await signin({ provider: "credentials", credentials: { email, password } });
 * if (twoFactor) location.assign(`/two-factor?methods=${twoFactor.methods}`);
 * await signin({ provider: "google", successCallback: "/library", failureCallback: "/login" });
 * ```
 */
export function signin<const Options extends SigninOptions>(
  options: Options,
): Promise<
  Options extends { provider: "magic-link" } ? NobodyYet : SignedIn<RegisteredUser> | SecondFactorNeeded
>;
export async function signin(options: Callbacks): Promise<SignedIn<User> | SecondFactorNeeded | NobodyYet> {
  const { user, leaves, methods } = await change(async (m) => {
    const { user, ...rest } = await m.signin(configuration.authEndpoint, options);
    // Nothing has changed until somebody is signed in.
    return user ? { user: user as User, ...rest } : rest;
  });
  if (leaves) return new Promise(() => {});
  if (methods !== undefined) return { user: null, twoFactor: { methods } };
  return user ? { user } : { user: null };
}

/**
 * Signs out: the session ends at the backend, its cookies go, and the browser's other tabs are told.
 *
 * @param options `everywhere` ends all sessions of the user; `callback` is where the page goes then, as in
 *   {@link signin}
 * @throws {HttpOnlyError} `unavailable`, `network`: the visitor is still signed in; `unauthenticated` for `everywhere`
 *   when nobody is; `rejected`, with a `reason`; `rate-limited`, `cross-origin`, `endpoint-refused`
 */
export async function signout(options?: {
  everywhere?: boolean | undefined;
  callback?: string | undefined;
}): Promise<void> {
  await change(async (m) => {
    const to = await m.signout(configuration.authEndpoint, options ?? {});
    return { user: null, to };
  });
}

/**
 * Who is signed in. Calls at the same time share one request.
 *
 * @returns null for nobody
 * @throws {HttpOnlyError} `unavailable` and `network`: nobody can tell, so sign nobody out; `rejected`: the backend
 *   refuses to say
 */
export function getSession(): Promise<SessionFound | null> {
  if (lookup) return lookup;
  const asked: Promise<SessionFound | null> = ask((m) => m.getSession(configuration.authEndpoint)).finally(
    () => {
      if (lookup === asked) lookup = undefined;
    },
  );
  lookup = asked;
  return asked;
}
