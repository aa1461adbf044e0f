/**
 * The ways to sign in, as an app declares them.
 *
 * @module
 */

import { callWasm } from "../../wasm/server.ts";
import { checked, functionOption, kindOf, numberOption, textOption } from "./options.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";
import type {
  Awaitable,
  CallbackContext,
  Claims,
  GitHubProfile,
  GoogleClaims,
  MagicLinkProfile,
  Provider,
} from "./types.ts";

/** What all providers elsewhere take. */
export interface OAuthOptions {
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string | undefined;
  /** Scopes, parted by blanks. */
  scope?: string | undefined;
  /** `keep` keeps the provider's tokens for `auth.tokens()`; by default none is kept. */
  tokens?: "none" | "keep" | undefined;
  /** Further parameters of the request for authorization: `prompt`, `response_mode: "form_post"`, … */
  authorization?: Record<string, string> | undefined;
  /** How the client proves itself: `basic` (default) or `post`. */
  clientAuthentication?: "basic" | "post" | undefined;
}

/** Options of {@link oidc}. */
export interface OidcOptions<Id extends string> extends OAuthOptions {
  /** The name in paths and in `signin({ provider })`: lower-case letters, digits, `-` and `_`. */
  id: Id;
  /** As the provider's own metadata writes it. https, or http on this machine. */
  issuer: string;
  /** The tenants that may sign in, for Microsoft's issuers that stand for many; by default all. */
  tenants?: readonly string[] | undefined;
}

/** Options of {@link oauth}. */
export interface OauthOptions<Id extends string, P extends object> extends OAuthOptions {
  id: Id;
  /** Where the visitor consents. */
  authorizationUrl: string;
  /** Where a code becomes tokens. */
  tokenUrl: string;
  /** Where the provider says who it is, by the access token as bearer: JSON. */
  userinfoUrl: string;
  /** The `iss` that the provider answers with, where it does (RFC 9207). */
  issuer?: string | undefined;
  /** The profile of that answer; null refuses. */
  profile(userinfo: Record<string, unknown>): P | null;
}

/** What the library knows of a provider elsewhere. */
export interface Elsewhere {
  readonly id: string;
  readonly kind: "oidc" | "oauth";
  readonly options: OAuthOptions;
  readonly scope: string;
  /** With `kind: "oidc"`. */
  readonly issuer?: string | undefined;
  readonly tenants?: readonly string[] | undefined;
  /** With `kind: "oauth"`: what discovery would say. */
  readonly endpoints?:
    | { authorization: string; token: string; userinfo: string; emails?: string }
    | undefined;
  /** The profile of a provider without ID tokens, by what its userinfo says. */
  readonly profile?: ((userinfo: string, emails: string) => object | null) | undefined;
  /** The reason why the claims of an ID token are not taken. */
  readonly check?: ((claims: Record<string, unknown>) => string | undefined) | undefined;
}

/** What the library knows of a form. */
export interface FormProvider {
  readonly id: "credentials";
  readonly kind: "credentials";
  readonly fields: readonly string[] | StandardSchemaV1;
  getProfile(fields: never, context: CallbackContext): Awaitable<object | null>;
}

/** What the library knows of links. */
export interface LinkProvider {
  readonly id: "magic-link";
  readonly kind: "magic-link";
  readonly maxAge: number;
  send(mail: { email: string; url: string; request: Request }): Awaitable<void>;
}

/** Any provider, as the library sees it. */
export type AnyProvider = Elsewhere | FormProvider | LinkProvider;

const OAUTH = ["clientId", "clientSecret", "scope", "tokens", "authorization", "clientAuthentication"];

function common<T extends OAuthOptions>(what: string, options: T, more: readonly string[]): T {
  const own = checked(what, options, [...OAUTH, ...more]);
  textOption(`${what}: clientId`, own.clientId);
  if (own.clientSecret !== undefined) textOption(`${what}: clientSecret`, own.clientSecret);
  if (own.scope !== undefined) textOption(`${what}: scope`, own.scope);
  if (![undefined, "none", "keep"].includes(own.tokens))
    throw new TypeError(`${what}: tokens must be "none" or "keep"`);
  if (![undefined, "basic", "post"].includes(own.clientAuthentication))
    throw new TypeError(`${what}: clientAuthentication must be "basic" or "post"`);
  const parameters = own.authorization === undefined ? {} : { ...own.authorization };
  for (const [name, value] of Object.entries(parameters)) {
    textOption(`${what}: authorization.${name}`, value);
    if (callWasm((m) => m.isReservedParameter(name)))
      throw new TypeError(`${what}: authorization.${name} is set by the library and must be left out`);
    if (name === "response_mode" && value !== "query" && value !== "form_post")
      throw new TypeError(`${what}: authorization.response_mode must be "query" or "form_post"`);
  }
  return { ...own, authorization: parameters };
}

/** An address of a provider: https, or http on this machine. */
function address(name: string, value: unknown): string {
  const url = textOption(name, value);
  if (!URL.canParse(url) || !callWasm((m) => m.isSafeProvider(new URL(url).href)))
    throw new TypeError(`${name} must be an https URL, or an http one of this machine, got ${url}`);
  return url;
}

function providerId(what: string, id: unknown): void {
  if (typeof id !== "string" || !callWasm((m) => m.isProviderName(id)))
    throw new TypeError(
      `${what}: id must be lower-case letters, digits, - and _, got ${typeof id === "string" ? id : kindOf(id)}`,
    );
  if (id === "credentials" || id === "magic-link")
    throw new TypeError(`${what}: id must not be ${id}, which is another kind of provider`);
}

const made = <Id extends string, P extends object, C>(provider: AnyProvider) =>
  Object.freeze(provider) as unknown as Provider<Id, P, C>;

/**
 * Any provider that speaks OpenID Connect, by its issuer: its metadata are fetched at the first use.
 *
 * @throws TypeError naming the option that is wrong
 *
 * @example
 * ```ts
 * oidc({ id: "corp", issuer: "https://id.example.com", clientId, clientSecret });
 * ```
 */
export function oidc<const Id extends string>(options: OidcOptions<Id>): Provider<Id, Claims, never> {
  const own = common("oidc", options, ["id", "issuer", "tenants"]);
  providerId("oidc", own.id);
  const issuer = address("oidc: issuer", own.issuer);
  const tenants = own.tenants === undefined ? undefined : [...own.tenants];
  for (const tenant of tenants ?? []) textOption("oidc: tenants", tenant);
  const scope = own.scope ?? "openid email profile";
  if (!scope.split(" ").includes("openid")) throw new TypeError("oidc: scope must have openid in it");
  return made({ id: own.id, kind: "oidc", options: own, scope, issuer, tenants });
}

/**
 * Google. `hostedDomain` lets in accounts of one organization alone.
 *
 * @throws TypeError naming the option that is wrong
 */
export function google(
  options: OAuthOptions & { hostedDomain?: string | undefined },
): Provider<"google", GoogleClaims, never> {
  const { hostedDomain, ...own } = common("google", options, ["hostedDomain"]);
  if (hostedDomain !== undefined) textOption("google: hostedDomain", hostedDomain);
  const authorization = { ...own.authorization, ...(hostedDomain && { hd: hostedDomain }) };
  const check = (claims: Record<string, unknown>) =>
    hostedDomain === undefined || claims.hd === hostedDomain ? undefined : "HOSTED_DOMAIN_MISMATCH";
  return made({
    id: "google",
    kind: "oidc",
    options: { ...own, authorization },
    scope: own.scope ?? "openid email profile",
    issuer: "https://accounts.google.com",
    check,
  });
}

/**
 * GitHub, whose profile has the primary address, or null.
 *
 * @throws TypeError naming the option that is wrong
 */
export function github(options: OAuthOptions): Provider<"github", GitHubProfile, never> {
  const own = common("github", options, []);
  return made({
    id: "github",
    kind: "oauth",
    options: { ...own, clientAuthentication: own.clientAuthentication ?? "post" },
    scope: own.scope ?? "read:user user:email",
    endpoints: {
      authorization: "https://github.com/login/oauth/authorize",
      token: "https://github.com/login/oauth/access_token",
      userinfo: "https://api.github.com/user",
      emails: "https://api.github.com/user/emails",
    },
    profile(userinfo, emails) {
      const profile = callWasm((m) => m.githubProfile(userinfo, emails));
      return profile === undefined ? null : (JSON.parse(profile) as GitHubProfile);
    },
  });
}

/**
 * Any provider that speaks OAuth 2 without ID tokens.
 *
 * @throws TypeError naming the option that is wrong
 */
export function oauth<const Id extends string, P extends object>(
  options: OauthOptions<Id, P>,
): Provider<Id, P, never> {
  const urls = ["authorizationUrl", "tokenUrl", "userinfoUrl"] as const;
  const own = common("oauth", options, ["id", ...urls, "issuer", "profile"]);
  providerId("oauth", own.id);
  for (const url of urls) address(`oauth: ${url}`, own[url]);
  functionOption("oauth: profile", own.profile, true);
  if (own.issuer !== undefined) address("oauth: issuer", own.issuer);
  const { profile } = own;
  return made({
    id: own.id,
    kind: "oauth",
    options: own,
    scope: own.scope ?? "",
    issuer: own.issuer,
    endpoints: { authorization: own.authorizationUrl, token: own.tokenUrl, userinfo: own.userinfoUrl },
    profile: (userinfo) => profile(JSON.parse(userinfo) as Record<string, unknown>),
  });
}

/** Options of {@link credentials} that are checked by a schema. */
export interface SchemaOptions<Schema extends StandardSchemaV1, P extends object> {
  /** What the fields have to be: a schema of Zod, Valibot, ArkType, … */
  fields: Schema;
  /** Who that is; null where it is wrong. What it throws is not told. */
  getProfile(fields: StandardSchemaV1.InferOutput<Schema>, context: CallbackContext): Awaitable<P | null>;
}

/** Options of {@link credentials}. */
export interface CredentialsOptions<C extends Record<string, string>, P extends object> {
  /** The names of the fields, each of which has to be there; default `email` and `password`. No other reaches `getProfile`. */
  fields?: readonly (keyof C & string)[] | undefined;
  /** Who that is; null where it is wrong. What it throws is not told. */
  getProfile(fields: C, context: CallbackContext): Awaitable<P | null>;
}

/**
 * A form: an e-mail address and a password, or other fields. Store no password but as a hash by a slow function (argon2),
 * and let one for an unknown address take as long.
 *
 * @throws TypeError naming the option that is wrong
 *
 * @example
 * ```ts
 * credentials<{ email: string; password: string }>({
 *   async getProfile({ email, password }) {
 *     const user = await findByEmail(email);
 *     return (await verify(user?.hash ?? SOME_HASH, password)) && user ? { id: user.id, email } : null;
 *   },
 * });
 * ```
 */
export function credentials<Schema extends StandardSchemaV1, P extends object>(
  options: SchemaOptions<Schema, P>,
): Provider<"credentials", P, StandardSchemaV1.InferInput<Schema>>;
export function credentials<
  C extends Record<string, string>,
  P extends object = { id: string; email?: string; name?: string | null },
>(options: CredentialsOptions<C, P>): Provider<"credentials", P, C>;
export function credentials(
  options: SchemaOptions<StandardSchemaV1, object> | CredentialsOptions<Record<string, string>, object>,
): Provider<"credentials", object, unknown> {
  const own = checked("credentials", options, ["fields", "getProfile"]);
  functionOption("credentials: getProfile", own.getProfile, true);
  const fields = own.fields ?? ["email", "password"];
  const isSchema =
    !Array.isArray(fields) && typeof (fields as StandardSchemaV1)["~standard"]?.validate === "function";
  if (!isSchema) {
    if (!Array.isArray(fields) || fields.length === 0)
      throw new TypeError(
        `credentials: fields must be a list of names, or a Standard Schema, got ${kindOf(fields)}`,
      );
    for (const field of fields) textOption("credentials: fields", field);
  }
  return made({
    id: "credentials",
    kind: "credentials",
    fields: isSchema ? (fields as StandardSchemaV1) : [...(fields as readonly string[])],
    getProfile: own.getProfile as FormProvider["getProfile"],
  });
}

/**
 * Links by mail. Opening a link shows a button, and the button signs in: what follows links by itself uses none up.
 *
 * @throws TypeError naming the option that is wrong
 */
export function magicLink(options: {
  /** Mails the link. The answer to the visitor is the same whether there is such a user or not. */
  send(mail: { email: string; url: string; request: Request }): Awaitable<void>;
  /** Seconds that a link works; default 900. */
  maxAge?: number | undefined;
}): Provider<"magic-link", MagicLinkProfile, { email: string; name?: string }> {
  const own = checked("magicLink", options, ["send", "maxAge"]);
  functionOption("magicLink: send", own.send, true);
  const maxAge = numberOption("magicLink: maxAge", own.maxAge) ?? 900;
  return made({ id: "magic-link", kind: "magic-link", maxAge, send: own.send });
}
