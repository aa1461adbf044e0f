/**
 * The types of own sign-in: providers, and what they say of a person; the callbacks of an app; what it gets.
 *
 * @module
 */
import type { Auth, Session, User } from "../auth/types.ts";
import type { Store } from "../store.ts";
import type { AuthError } from "./failure.ts";

/** A value, or a promise of one. */
export type Awaitable<T> = T | Promise<T>;

/** Where types are kept that no value has. */
declare const types: unique symbol;

/**
 * A way to sign in, made by {@link google}, {@link github}, {@link oidc}, {@link oauth}, {@link credentials} or
 * {@link magicLink}. `Id` is its name in paths and in `signin({ provider })`, `P` what it says of a person, `C` what a
 * form sends to it: `never` for one that leaves the page.
 */
export interface Provider<Id extends string = string, P extends object = object, C = unknown> {
  readonly id: Id;
  readonly kind: "oidc" | "oauth" | "credentials" | "magic-link";
  /** Types alone; there is no such member. */
  readonly [types]?: { profile: P; credentials: C };
}

/** The claims of an ID token, signature and all verified (OpenID Connect Core section 5.1). */
export interface Claims {
  iss: string;
  sub: string;
  email?: string;
  email_verified?: boolean;
  name?: string;
  given_name?: string;
  family_name?: string;
  picture?: string;
  [claim: string]: unknown;
}

/** Google's claims. */
export interface GoogleClaims extends Claims {
  /** The organization's domain, for accounts of one. */
  hd?: string;
}

/** What GitHub says of a person. */
export interface GitHubProfile {
  id: number;
  login: string;
  name: string | null;
  /** The primary address; null where GitHub names none. */
  email: string | null;
  /** Whether GitHub vouches for the address. */
  emailVerified: boolean;
}

/** What a used link says of a person. */
export interface MagicLinkProfile {
  /** In normal form: the address that the link was mailed to. */
  email: string;
  emailVerified: true;
}

/** The tokens of a provider. */
export interface Tokens {
  accessToken: string;
  refreshToken?: string;
  idToken?: string;
  /** Milliseconds since 1970. */
  expiresAt?: number;
  scope?: string;
}

/** What {@link profileToUser} gets: the profile of any of the providers, told apart by `provider`. */
export type ProfileOf<X> = X extends {
  readonly id: infer Id;
  readonly [types]?: { profile: infer P };
}
  ? P & { readonly provider: Id }
  : never;

/** The name of any of the providers. */
export type IdOf<X> = X extends { readonly id: infer Id } ? Id & string : never;

/** The claims of a session's token: the app's own, and those that the library adds. */
export interface Jwt {
  /** The user's identifier. */
  sub: string;
  /** The session's identifier: it stays while the session is renewed. */
  sid: string;
  /** Seconds since 1970. */
  iat: number;
  /** Seconds since 1970. */
  exp: number;
  /** When the user signed in, in seconds since 1970. */
  auth_time: number;
  /** The provider by which the user signed in. */
  idp: string;
  [claim: string]: unknown;
}

/** What the app's callbacks get beside. */
export interface CallbackContext {
  request: Request;
  platform: unknown;
}

/** The second factor, by callbacks of the app. */
export interface SecondFactor<U> {
  /** The methods of which this user has to give one (`totp`, `otp`, `backup-code`); null for none. */
  required(user: U, context: CallbackContext & { provider: string }): Awaitable<readonly string[] | null>;
  /** Sends a code, for the method `otp`. */
  send?: ((user: U, context: CallbackContext) => Awaitable<void>) | undefined;
  /** Whether a code is right. A backup code has to be used up here. */
  verify(input: CallbackContext & { user: U; method: string; code: string }): Awaitable<boolean>;
  /** Seconds for which a browser that the user trusts is not asked again; default 30 days, 0 never. */
  trust?: number | undefined;
}

/** Options of {@link createAuth}. */
export interface CreateAuthOptions<
  P extends readonly Provider[],
  U extends { id: string },
  S extends object = Session,
> {
  /**
   * The secret that seals all cookies: at least 32 bytes, of a random source (`openssl rand -base64 33`). Of several the
   * first seals, and each opens: put a new one before the old one, and take the old one away once `cookie.absolute` is over.
   */
  secret: string | readonly string[];
  /** The ways to sign in. */
  providers: P;
  /**
   * The user of a profile: found, made, brought up to date. Null refuses. An account is its issuer and `sub`; an address
   * that the provider did not verify says nothing of whose it is.
   *
   * `tokens` are the provider's, here and nowhere else unless they are kept; `current` is who is signed in already, for an
   * app that links accounts.
   */
  profileToUser(
    profile: ProfileOf<P[number]>,
    context: CallbackContext & { tokens: Tokens | null; current: { id: string } | null },
  ): Awaitable<U | null>;
  /** The session of a user who signs in; by default its identifier, the user's, and when it ends. */
  userToSession?:
    | ((user: U, context: CallbackContext & { provider: IdOf<P[number]> }) => Awaitable<S>)
    | undefined;
  /** The claims of a session; by default the session itself. `sub`, `sid`, `iat` and `exp` are added. */
  sessionToJwt?: ((session: S) => Awaitable<Record<string, unknown>>) | undefined;
  /** The session of a token's claims; null is anonymous. */
  jwtToSession?: ((jwt: Jwt) => Awaitable<S | null>) | undefined;
  /** The user of a session; null is anonymous. By default the token holds the user, as {@link profileToUser} gave it. */
  sessionToUser?: ((session: S) => Awaitable<U | null>) | undefined;
  /**
   * Signs the claims: a JWS in compact form, which is the cookie's value as it is, for an API that verifies it. By default
   * the claims are encrypted, and nobody but this app reads them.
   */
  signJwt?: ((jwt: Jwt) => Awaitable<string>) | undefined;
  /**
   * Verifies what {@link signJwt} signed, and gives its claims; null is anonymous. By default {@link jwks} verify it, or
   * without them `secret` does, by HS256: what neither verifies is anonymous.
   */
  verifyJwt?: ((token: string) => Awaitable<Record<string, unknown> | null>) | undefined;
  /** The public keys of {@link signJwt}, served below `basePath` at `/jwks`. Private members of a key never leave. */
  jwks?: { keys: readonly object[] } | (() => Awaitable<{ keys: readonly object[] }>) | undefined;
  /** Hears of each failure, and may say otherwise: another reason, another page of the app. What it throws refuses. */
  onError?:
    | ((failure: {
        error: AuthError;
        request: Request;
        event: unknown;
        // biome-ignore lint/suspicious/noConfusingVoidType: a function that says nothing has no return
      }) => Awaitable<{ reason?: string | undefined; redirect?: string | undefined } | undefined | void>)
    | undefined;
  /** The session's cookie. */
  cookie?:
    | {
        /** What follows the prefix; default `session`. */
        name?: string | undefined;
        /** A domain whose hosts all get the cookie; by default one host alone does, by `__Host-`. */
        domain?: string | undefined;
        /** Seconds that a session lives without being used; default 6 hours. */
        maxAge?: number | undefined;
        /** Seconds after which a page that is shown renews the session; default a quarter of `maxAge`. */
        renewAfter?: number | undefined;
        /** Seconds after which a session ends, used or not; default 30 days. */
        absolute?: number | undefined;
      }
    | undefined;
  /** What all instances of the app know. Without it one process ends sessions and uses links up by itself. */
  store?: Store | undefined;
  /**
   * How often one may fail to sign in by a form, and ask for a link: `account` times (default 10) for one account and
   * `client` times (50) from one address within `seconds` (900), counted in the store. Beyond it is 429 with `Retry-After`.
   * `false` counts nothing. An address is counted where {@link clientAddress} tells it.
   */
  rateLimit?: false | { account?: number; client?: number; seconds?: number } | undefined;
  /** The client's address from a source that you trust. Without it, attempts are counted by account alone. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
  /** Below which the paths lie; default `/api/auth`. */
  basePath?: string | undefined;
  /** The app's own origin. Providers and mails lead back to it; on this machine that of the request does. */
  origin?: string | undefined;
  /**
   * For previews at changing origins. The app at the origin that providers know lists them: `{ allow: […] }`, or a function
   * that tells. A preview names that origin: `{ through: "https://app.example" }`.
   */
  relay?:
    | { through: string; allow?: undefined }
    | { allow: readonly string[] | ((origin: string) => boolean); through?: undefined }
    | undefined;
  /** A second factor after the first. */
  secondFactor?: SecondFactor<U> | undefined;
  /** Pages of the app: local paths. */
  pages?:
    | {
        /** Where a failure is shown of which nobody says where; default `/login`. */
        login?: string | undefined;
        /** Where the second factor is asked for; default `/two-factor`. */
        twoFactor?: string | undefined;
        /** Where the link of a mail leads; a plain page of this package's own when absent. */
        magicLink?: string | undefined;
      }
    | undefined;
}

/** Own sign-in: an {@link Auth} that asks no backend. */
export interface OwnAuth<U = User, S = Session, P = unknown> extends Auth<U, S> {
  readonly basePath: string;
  /** The tokens of a provider that were kept by `tokens: "keep"`; null where there are none. */
  tokens(
    request: Request,
    provider: IdOf<P extends readonly (infer X)[] ? X : never>,
  ): Promise<Tokens | null>;
  /** Types alone; there is no such member. */
  readonly [types]?: { user: U; providers: P };
}

/**
 * An app declares its own sign-in here, and `signin` knows its providers and their fields:
 *
 * ```ts
 * declare module "httponly" {
 *   interface Register {
 *     auth: typeof auth;
 *   }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: an app adds to it
export interface Register {}

/** What an app declares: its user, and any of its providers. */
type Declared = Register extends {
  auth: { readonly [types]?: { user: infer U; providers: readonly (infer X)[] } };
}
  ? { user: U; provider: X }
  : { user: User; provider: never };

/** The user of the app that declares one. */
export type RegisteredUser = Declared["user"];

/** The ways to sign in of the app that declares some: for each provider its name, and its fields if it has a form. */
export type RegisteredSignin<Callbacks> = Way<Declared["provider"], Callbacks>;

type Way<X, Callbacks> = X extends { readonly id: infer Id; readonly [types]?: { credentials: infer C } }
  ? [C] extends [never]
    ? { provider: Id; credentials?: undefined } & Callbacks
    : { provider: Id; credentials: C & Remember<Id> } & Callbacks
  : never;

/** `rememberMe: false` ends the session with the browser's. */
type Remember<Id> = Id extends "credentials" ? { rememberMe?: boolean } : unknown;
