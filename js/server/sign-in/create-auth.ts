/**
 * Own sign-in: this app signs its visitors in by itself, by providers, by a form, by links.
 *
 * @module
 */

import { callWasm, text } from "../../wasm/server.ts";
import { BASE_PATH, type Session, type SessionAnswer } from "../auth/types.ts";
import { headersFor } from "../headers.ts";
import { showLink } from "../magic-link.ts";
import { random } from "../random.ts";
import { broken, refusal } from "../refusal.ts";
import { reserve } from "../reserved.ts";
import { secretsOf } from "../secrets.ts";
import { boundedStore } from "../store/bounded.ts";
import { mirroredStore } from "../store/mirror.ts";
import { rateLimits } from "../store/rate-limit.ts";
import { sealedStore } from "../store/sealed.ts";
import { memoryStore } from "../store.ts";
import { type AuthError, type AuthStage, asFailure, failed } from "./failure.ts";
import { type Client, client, type Transaction } from "./oauth.ts";
import { checked, functionOption, kindOf, numberOption, textOption } from "./options.ts";
import type { AnyProvider, Elsewhere, FormProvider, LinkProvider } from "./providers.ts";
import { type Fields, fieldsOf, json, leadTo, textOf } from "./respond.ts";
import { sealer } from "./seal.ts";
import { secondStep } from "./second-factor.ts";
import { answerOf, call, type Reading, sessions } from "./session.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";
import type { CreateAuthOptions, Jwt, OwnAuth, Provider, Tokens } from "./types.ts";
import { verifier } from "./verifier.ts";

const OPTIONS = [
  "secret",
  "providers",
  "profileToUser",
  "userToSession",
  "sessionToJwt",
  "jwtToSession",
  "sessionToUser",
  "signJwt",
  "verifyJwt",
  "jwks",
  "onError",
  "cookie",
  "store",
  "rateLimit",
  "clientAddress",
  "basePath",
  "origin",
  "relay",
  "secondFactor",
  "pages",
];
const CALLBACKS = [
  "userToSession",
  "sessionToJwt",
  "jwtToSession",
  "sessionToUser",
  "signJwt",
  "verifyJwt",
  "clientAddress",
  "onError",
] as const;

/** Where something went wrong, by the route. */
const STAGES: Record<string, AuthStage> = {
  credentials: "credentials",
  "send-link": "magic-link",
  "use-link": "magic-link",
  "second-factor": "second-factor",
  "send-code": "second-factor",
  session: "session",
  keys: "session",
  "sign-out": "signout",
  "sign-out-everywhere": "signout",
  "back-channel": "signout",
};

/** Bytes of a field of a form; a password that is longer costs a server more than it protects. */
const LONGEST = 4096;

type User = object & { id: string };
type Any = CreateAuthOptions<readonly Provider[], User, object>;

/** Who signed in, and where from. */
interface Arrived {
  request: Request;
  platform: unknown;
  provider: string;
  profile: object;
  tokens: Tokens | null;
  keeps: boolean;
  remember: boolean;
  callback: string;
  /** Who the provider says it is, for its back channel. */
  subject?: string | undefined;
}

/** What a sign-in came to. */
type Come = { user: User; lines: string[] } | { methods: readonly string[]; lines: string[] };

/** Where a failure is told, and what a browser is to forget with it. */
interface Trouble {
  /** Whether a browser is led there by a redirect. */
  navigates: boolean;
  /** The page of the app. */
  page: string | undefined;
  lines: string[];
  stage: AuthStage;
}

function checkedOptions(given: Any): Any {
  const options = checked("createAuth", given, OPTIONS);
  functionOption("profileToUser", options.profileToUser, true);
  for (const name of CALLBACKS) functionOption(name, options[name]);
  if (options.store !== undefined)
    for (const name of ["get", "set", "add", "delete"] as const)
      functionOption(`store.${name}`, options.store[name], true);
  const cookie = checked("cookie", options.cookie ?? {}, [
    "name",
    "domain",
    "maxAge",
    "renewAfter",
    "absolute",
  ]);
  for (const name of ["maxAge", "renewAfter", "absolute"] as const)
    numberOption(`cookie.${name}`, cookie[name]);
  for (const name of ["name", "domain"] as const)
    if (cookie[name] !== undefined) textOption(`cookie.${name}`, cookie[name]);
  const pages = checked("pages", options.pages ?? {}, ["login", "twoFactor", "magicLink"]);
  for (const [name, page] of Object.entries(pages)) if (page !== undefined) localPage(`pages.${name}`, page);
  if (options.secondFactor !== undefined) {
    const factor = checked("secondFactor", options.secondFactor, ["required", "send", "verify", "trust"]);
    functionOption("secondFactor.required", factor.required, true);
    functionOption("secondFactor.verify", factor.verify, true);
    functionOption("secondFactor.send", factor.send);
    numberOption("secondFactor.trust", factor.trust);
  }
  return Object.assign(options, { cookie, pages });
}

function localPage(name: string, page: unknown): void {
  const path = textOption(name, page);
  if (callWasm((m) => m.localRedirect(path, [])) !== path)
    throw new TypeError(`${name} must be a local path, got ${path}`);
}

/** An origin that an app declares: nothing but scheme, host and port. */
function originOption(name: string, value: unknown): string {
  const given = textOption(name, value);
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new TypeError(`${name} must be an origin such as https://app.example.com, got ${given}`);
  return url.origin;
}

function providersOf(given: unknown): Map<string, AnyProvider> {
  if (!Array.isArray(given) || given.length === 0)
    throw new TypeError(
      `providers must be a list of at least one provider, got ${Array.isArray(given) ? "an empty list" : kindOf(given)}`,
    );
  const providers = new Map<string, AnyProvider>();
  for (const provider of given as AnyProvider[]) {
    const kinds = ["oidc", "oauth", "credentials", "magic-link"];
    if (typeof provider !== "object" || provider === null || !kinds.includes(provider.kind))
      throw new TypeError(
        `providers must be made by google, github, oidc, oauth, credentials or magicLink, got ${kindOf(provider)}`,
      );
    if (providers.has(provider.id)) throw new TypeError(`providers: two of them have the id ${provider.id}`);
    providers.set(provider.id, provider);
  }
  return providers;
}

/** The app that another's callbacks are led to, and whether this is one of them. */
function relayOf(relay: Any["relay"]): { through: string | undefined; allows(origin: string): boolean } {
  if (relay === undefined) return { through: undefined, allows: () => false };
  const { through, allow } = checked("relay", relay as { through?: string; allow?: unknown }, [
    "through",
    "allow",
  ]);
  if (through !== undefined) return { through: originOption("relay.through", through), allows: () => false };
  if (typeof allow === "function")
    return { through: undefined, allows: (origin) => (allow as (o: string) => unknown)(origin) === true };
  if (!Array.isArray(allow)) throw new TypeError("relay must be { through } or { allow }");
  const listed = new Set(allow.map((origin) => originOption("relay.allow", origin)));
  return { through: undefined, allows: (origin) => listed.has(origin) };
}

/**
 * Own sign-in: the same {@link Auth} as `authBackend`'s, so that pages, guards and forms are the same.
 *
 * ```ts
 * export const auth = createAuth({
 *   secret: env.AUTH_SECRET,
 *   origin: "https://app.example.com",
 *   providers: [
 *     google({ clientId: env.GOOGLE_ID, clientSecret: env.GOOGLE_SECRET }),
 *     credentials<{ email: string; password: string }>({ getProfile: ({ email, password }) => check(email, password) }),
 *   ],
 *   async profileToUser(profile) {
 *     return profile.provider === "google" ? findOrMake(profile.iss, profile.sub, profile) : find(profile.id);
 *   },
 * });
 * ```
 *
 * Without a `store`, a session ends elsewhere by its lifetimes and by dropping the secret; ending all sessions of a user
 * needs one.
 *
 * @throws TypeError naming the option that is wrong
 */
export function createAuth<
  const P extends readonly Provider[],
  U extends { id: string },
  S extends object = Session,
>(given: CreateAuthOptions<P, U, S>): OwnAuth<U, S, P> {
  const options = checkedOptions(given as unknown as Any);
  const secrets = secretsOf(options.secret);
  const seals = sealer(secrets);
  const providers = providersOf(options.providers);
  const declared = options.origin === undefined ? undefined : originOption("origin", options.origin);
  const relay = relayOf(options.relay);
  const { cookie = {}, pages = {} } = options;
  const door = callWasm(
    (m) =>
      new m.SignIn(
        cookie.name ?? "session",
        cookie.domain,
        text("basePath", options.basePath ?? BASE_PATH),
        cookie.maxAge,
        cookie.renewAfter,
        cookie.absolute,
      ),
  );
  reserve(door.reserved());
  const base = door.base();
  // What several instances share is sealed, and makes nobody wait; without a store, one process keeps it to itself.
  const shared =
    options.store === undefined
      ? undefined
      : boundedStore(sealedStore(options.store, secrets, `sign-in ${base}`));
  const store = shared ?? memoryStore();
  const endings = shared === undefined ? store : mirroredStore(shared);
  const verifyJwt = options.verifyJwt ?? (options.signJwt && verifier(secrets, options.jwks));
  const keeper = sessions(
    { ...options, verifyJwt } as never,
    door,
    seals,
    endings,
    shared !== undefined,
    cookie.absolute ?? 34_560_000,
  );
  const attempts = rateLimits(options, store);
  const second = secondStep(options.secondFactor as never, door, seals, store);
  const clients = new Map<string, Client>();
  for (const provider of providers.values())
    if (provider.kind === "oidc" || provider.kind === "oauth")
      clients.set(provider.id, client(provider as Elsewhere));
  const form = providers.get("credentials") as FormProvider | undefined;
  const links = providers.get("magic-link") as LinkProvider | undefined;
  const login = pages.login ?? "/login";
  const headerOf = (request: Request) => request.headers.get("cookie") ?? "";
  const ownOf = (request: Request) => declared ?? new URL(request.url).origin;
  const seconds = () => Math.floor(Date.now() / 1000);

  /** The origin to which others lead back: never one that a request says. */
  function homeOf(request: Request, stage: AuthStage): string {
    const own = ownOf(request);
    if (declared === undefined && !callWasm((m) => m.isLoopback(own)))
      throw failed("ORIGIN_UNDECLARED", stage);
    return own;
  }

  /** The pages that a form names. */
  function callbacksOf(
    request: Request,
    texts: Record<string, string>,
  ): { callback: string; failure: string } {
    const own = ownOf(request);
    const target = (name: string, otherwise: string) =>
      callWasm((m) => m.ownTarget(texts[name], own, otherwise));
    return { callback: target("callbackURL", "/"), failure: target("errorCallbackURL", login) };
  }

  /** Tells a failure: to the app first, which may say otherwise. */
  async function tell(
    request: Request,
    platform: unknown,
    thrown: unknown,
    trouble: Trouble,
  ): Promise<Response> {
    const error = asFailure(thrown, trouble.stage);
    let said: { reason?: string | undefined; redirect?: string | undefined } | undefined;
    try {
      if (options.onError === undefined) note(error);
      else said = (await options.onError({ error, request, event: platform })) ?? undefined;
    } catch {
      // Refused it is already.
    }
    const { code, message, status } = error;
    const { field } = error as { field?: string };
    const wanted = said?.reason;
    const reason = typeof wanted === "string" ? failed(wanted, error.stage).reason : error.reason;
    const redirect =
      typeof said?.redirect === "string"
        ? callWasm((m) => m.ownTarget(said?.redirect, ownOf(request), login))
        : undefined;
    if (trouble.navigates) {
      const withReason = (page: string) => callWasm((m) => m.withError(page, code, reason));
      const page = redirect ?? trouble.page ?? login;
      return leadTo(redirect !== undefined && wanted === undefined ? page : withReason(page), trouble.lines);
    }
    const body = {
      code,
      message,
      reason,
      ...(field !== undefined && { field }),
      ...(redirect !== undefined && { redirect }),
    };
    return json(status, { error: body }, trouble.lines, error.retryAfter);
  }

  /** Makes a user of a profile, and a session of the user, unless a second factor is due. */
  async function complete(arrived: Arrived): Promise<Come> {
    const { request, platform, provider, profile, tokens, remember, callback } = arrived;
    const before = await current(request);
    const context = { tokens, current: before && { id: before.jwt.sub }, request, platform };
    const user = await call("profileToUser", () =>
      options.profileToUser({ ...profile, provider } as never, context as never),
    );
    if (user === null || user === undefined) throw failed("USER_REFUSED", "profileToUser", { provider });
    if (typeof user !== "object" || typeof user.id !== "string" || user.id === "")
      throw failed("APP_ERROR", "profileToUser", {
        provider,
        cause: new TypeError("profileToUser must give a user with an id, or null"),
      });
    const methods = await second.needed(request, user, provider, platform);
    if (methods !== undefined)
      return { methods, lines: await second.wait(request, { user, provider, remember, callback }) };
    return { user, lines: await begin({ ...arrived, user }) };
  }

  /** The lines of a new session, and of the tokens that are kept with it. */
  async function begin(arrived: Omit<Arrived, "profile" | "callback"> & { user: User }): Promise<string[]> {
    const { request, platform, provider, user, remember, tokens, keeps, subject } = arrived;
    const header = headerOf(request);
    const sid = random();
    const inStore = keeps && tokens !== null && (await keep(sid, provider, tokens));
    const sealed =
      keeps && tokens !== null && !inStore ? await seals.seal("tokens", { sid, tokens }) : undefined;
    const taken = sealed === undefined ? 0 : callWasm(() => door.tokensSize(provider, sealed));
    const lines = await keeper.create(request, { user, provider, platform, remember, taken, sid, subject });
    const kept =
      sealed === undefined
        ? []
        : callWasm(() => door.keepTokens(header, provider, sealed, cookie.absolute ?? 2_592_000));
    return [...callWasm(() => door.clearTokens(header)), ...kept, ...lines];
  }

  /** Keeps a session's tokens in the store, where there is one; the browser keeps them otherwise. */
  async function keep(sid: string, provider: string, tokens: Tokens): Promise<boolean> {
    if (shared === undefined) return false;
    try {
      await shared.set(tokensKey(sid, provider), JSON.stringify(tokens), cookie.absolute ?? 2_592_000);
      return true;
    } catch {
      return false;
    }
  }

  /** Who is signed in, as far as a sign-in needs to know. */
  async function current(request: Request): Promise<(Reading & { status: "authenticated" }) | null> {
    const reading = await keeper.read(request).catch(() => undefined);
    return reading?.status === "authenticated" ? reading : null;
  }

  /** Answers a sign-in that worked. */
  function welcome(come: Come, navigates: boolean, callback: string, lines: string[] = []): Response {
    const all = [...lines, ...come.lines];
    if ("methods" in come) {
      const page = pages.twoFactor ?? "/two-factor";
      const query = new URLSearchParams({ methods: come.methods.join(","), redirect: callback });
      if (navigates) return leadTo(`${page}${page.includes("?") ? "&" : "?"}${query}`, all);
      return json(200, { user: null, twoFactorRedirect: true, twoFactorMethods: come.methods }, all);
    }
    return navigates
      ? leadTo(callback, all)
      : json(200, { user: come.user, redirect: false, url: callback }, all);
  }

  async function social(request: Request, { texts, navigates }: Fields): Promise<Response> {
    const found = clients.get(texts.provider ?? "");
    if (found === undefined) throw failed("PROVIDER_NOT_FOUND", "start", { field: "provider" });
    const own = homeOf(request, "start");
    const sent = request.headers.get("origin");
    const moved =
      sent !== null && sent !== own && /^https?:/.test(sent) ? elsewhere(request, own) : undefined;
    if (moved !== undefined) return navigates ? leadTo(moved) : json(200, { url: moved, redirect: true });
    const { callback, failure } = callbacksOf(request, texts);
    const now = seconds();
    const state = relay.through === undefined ? random() : `${random()}.${btoa(own).replaceAll("=", "")}`;
    const redirectUri = `${relay.through ?? own}${base}/callback/${found.id}`;
    const { url, transaction } = await found.start({ redirectUri, state, now });
    const sealed = await seals.seal("transaction", { ...transaction, c: callback, e: failure });
    const lines = callWasm(() => door.begin(headerOf(request), state, sealed, now));
    return navigates ? leadTo(url, lines) : json(200, { url, redirect: true }, lines);
  }

  /** The page that the visitor is at, at the app's own origin: the transaction's cookie would stay behind at another. */
  function elsewhere(request: Request, own: string): string {
    const referer = request.headers.get("referer") ?? "";
    const from = URL.canParse(referer) ? new URL(referer) : undefined;
    const path =
      from === undefined ? login : callWasm((m) => m.ownTarget(from.pathname + from.search, own, login));
    return own + path;
  }

  async function callback(request: Request, platform: unknown, id: string): Promise<Response> {
    const found = clients.get(id);
    if (found === undefined)
      return tell(request, platform, failed("PROVIDER_NOT_FOUND", "callback"), {
        navigates: false,
        page: undefined,
        lines: [],
        stage: "callback",
      });
    if (request.method === "POST") {
      const body = await textOf(request);
      return leadTo(callWasm(() => door.formPost(id, body)));
    }
    const url = new URL(request.url);
    const states = url.searchParams.getAll("state");
    const state = states.length === 1 ? (states[0] as string) : "";
    const away = relayed(request, state, id, url.search);
    if (away !== undefined) return away;
    const header = headerOf(request);
    const trouble: Trouble = {
      navigates: true,
      page: undefined,
      lines: callWasm(() => door.finish(header, state, seconds())),
      stage: "callback",
    };
    try {
      const transaction = await transactionOf(header, state, id);
      trouble.page = transaction.e;
      if (transaction.p !== id) throw failed("PROVIDER_MISMATCH", "callback", { provider: id });
      if (seconds() - transaction.t > 600) throw failed("TRANSACTION_EXPIRED", "callback", { provider: id });
      if (!(await store.add(`callback:${callWasm((m) => m.hashOf(state))}`, "1", 900)))
        throw failed("CALLBACK_REPLAYED", "callback", { provider: id });
      const { profile: claims, tokens } = await found.arrive(transaction, url.searchParams);
      const profile = claims && withUser(claims, url.searchParams.get("user"));
      if (profile === null) throw failed("USER_REFUSED", "callback", { provider: id });
      const arrived = {
        request,
        platform,
        provider: id,
        profile,
        tokens,
        keeps: found.keeps,
        remember: true,
        callback: transaction.c,
        subject: subjectOf(profile),
      };
      return welcome(await complete(arrived), true, transaction.c, trouble.lines);
    } catch (thrown) {
      return tell(request, platform, thrown, trouble);
    }
  }

  async function transactionOf(header: string, state: string, provider: string): Promise<Transaction> {
    const [found, value] = callWasm(() => door.find(header, state)) as [string, string];
    if (found === "failed") throw failed(value, "callback", { provider });
    const transaction = (await seals.open("transaction", value)) as Transaction | undefined;
    if (transaction?.s !== state) throw failed("STATE_MISMATCH", "callback", { provider });
    return transaction;
  }

  /** Leads an answer on to the preview that asked; nothing where this app asked itself. */
  function relayed(request: Request, state: string, id: string, search: string): Response | undefined {
    const [, encoded] = state.split(".");
    if (encoded === undefined || relay.through !== undefined) return undefined;
    let origin = "";
    try {
      origin = atob(encoded);
    } catch {
      // It names none.
    }
    if (origin === ownOf(request)) return undefined;
    if (URL.canParse(origin) && new URL(origin).origin === origin && relay.allows(origin))
      return leadTo(`${origin}${base}/callback/${id}${search}`);
    const page = callWasm((m) => m.withError(login, "signin-failed", "RELAY_REFUSED"));
    return leadTo(page);
  }

  async function enter(request: Request, platform: unknown, fields: Fields): Promise<Response> {
    if (form === undefined) throw failed("FLOW_NOT_FOUND", "credentials");
    const entered = await enteredFields(form, fields);
    const counted = await attempts.count("credentials", request, platform, fields.texts);
    const profile = await call("credentials", () =>
      form.getProfile(entered as never, { request, platform }),
    ).catch(async (thrown: unknown) => {
      // The app has failed, and not the visitor.
      await counted.forget();
      throw thrown;
    });
    if (profile === null || profile === undefined)
      throw failed("INVALID_CREDENTIALS", "credentials", { provider: "credentials" });
    if (typeof profile !== "object")
      throw failed("APP_ERROR", "credentials", {
        cause: new TypeError("getProfile must give an object, or null"),
      });
    // Who is let in has not failed.
    await counted.forget();
    const { callback } = callbacksOf(request, fields.texts);
    const remember = fields.texts.rememberMe !== "false";
    const arrived = {
      request,
      platform,
      provider: "credentials",
      profile,
      tokens: null,
      keeps: false,
      remember,
      callback,
    };
    return welcome(await complete(arrived), fields.navigates, callback);
  }

  async function sendLink(
    request: Request,
    platform: unknown,
    { texts, navigates }: Fields,
  ): Promise<Response> {
    if (links === undefined) throw failed("FLOW_NOT_FOUND", "magic-link");
    const own = homeOf(request, "magic-link");
    const email = callWasm((m) => m.normalEmail((texts.email ?? "").normalize("NFKC")));
    if (email === undefined) throw failed("INVALID_EMAIL", "magic-link", { field: "email" });
    await attempts.count("magic-link", request, platform, { email });
    const { callback, failure } = callbacksOf(request, texts);
    const token = await seals.seal("link", {
      email,
      id: random(),
      end: Date.now() / 1000 + links.maxAge,
      c: callback,
      e: failure,
    });
    const query = new URLSearchParams({ token, callbackURL: callback, errorCallbackURL: failure });
    await call("magic-link", () =>
      links.send({ email, url: `${own}${base}/magic-link/verify?${query}`, request }),
    );
    return navigates ? leadTo(withNotice(failure)) : json(200, { status: true });
  }

  async function useLink(
    request: Request,
    platform: unknown,
    { texts, navigates }: Fields,
    trouble: Trouble,
  ): Promise<Response> {
    if (links === undefined) throw failed("FLOW_NOT_FOUND", "magic-link");
    const link = await seals.open("link", texts.token ?? "");
    if (link === undefined) throw failed("INVALID_TOKEN", "magic-link");
    const { email, id, end, c, e } = link as { email: string; id: string; end: number; c: string; e: string };
    trouble.page = e;
    const left = end - Date.now() / 1000;
    if (left <= 0) throw failed("EXPIRED_TOKEN", "magic-link");
    if (!(await store.add(`link:${id}`, "1", Math.ceil(left)))) throw failed("INVALID_TOKEN", "magic-link");
    const arrived = {
      request,
      platform,
      provider: "magic-link",
      profile: { email, emailVerified: true },
      tokens: null,
      keeps: false,
      remember: true,
      callback: c,
    };
    try {
      return welcome(await complete(arrived), navigates, c);
    } catch (thrown) {
      // What the app could not do now, the same link may do later.
      if (asFailure(thrown, "magic-link").code === "unavailable") await store.delete(`link:${id}`);
      throw thrown;
    }
  }

  async function checkCode(
    request: Request,
    platform: unknown,
    route: string,
    { texts, navigates }: Fields,
  ): Promise<Response> {
    const {
      lines,
      user,
      provider,
      remember,
      callback: to,
    } = await second.check(request, route, texts, platform);
    const begun = await begin({ request, platform, provider, user, remember, tokens: null, keeps: false });
    return welcome({ user, lines: begun }, navigates, to, lines);
  }

  async function signOut(
    request: Request,
    { texts, navigates }: Fields,
    everywhere: boolean,
  ): Promise<Response> {
    if (everywhere && options.store === undefined) throw failed("NO_STORE", "signout");
    const header = headerOf(request);
    const value = callWasm(() => door.session(header));
    const jwt: Jwt | undefined = value ? await keeper.claims(value).catch(() => undefined) : undefined;
    const to = callWasm((m) => m.ownTarget(texts.callbackURL, ownOf(request), "/"));
    // What the provider needs is read before it is forgotten.
    const away =
      jwt !== undefined && texts.provider === "true" ? await atProvider(request, jwt, to) : undefined;
    const lines = callWasm(() => door.signOut(header, jwt?.sid));
    let failure: unknown;
    if (jwt !== undefined) {
      void shared?.delete(tokensKey(jwt.sid, jwt.idp)).catch(() => {});
      const ended = everywhere ? keeper.revokeUser(jwt.sub) : keeper.revoke(jwt);
      failure = await ended.then(
        () => undefined,
        (thrown: unknown) => thrown ?? true,
      );
    }
    // A browser that wants to forget does, whatever becomes of the store.
    if (failure !== undefined && everywhere) throw failed("APP_ERROR", "signout", { cause: failure });
    if (navigates) return leadTo(away ?? to, lines);
    return json(200, { success: true, ...(away !== undefined && { url: away }) }, lines);
  }

  /** The provider's own page for signing out; nothing where it has none, or does not answer. */
  async function atProvider(request: Request, jwt: Jwt, to: string): Promise<string | undefined> {
    const found = clients.get(jwt.idp);
    if (found === undefined) return undefined;
    try {
      const kept = await tokensOf(request, jwt.idp, jwt);
      return await found.endSession(kept?.idToken, new URL(to, homeOf(request, "signout")).href);
    } catch {
      return undefined;
    }
  }

  async function backChannel(request: Request, id: string): Promise<Response> {
    const found = clients.get(id);
    if (found === undefined) throw failed("PROVIDER_NOT_FOUND", "signout");
    if (options.store === undefined)
      return json(501, {
        error: { code: "unknown-target", message: failed("NO_STORE", "signout").message, reason: "NO_STORE" },
      });
    const token = new URLSearchParams(await textOf(request)).get("logout_token") ?? "";
    const claims = await found.logoutToken(token).catch((cause: unknown) => {
      throw failed("LOGOUT_TOKEN_INVALID", "signout", { provider: id, cause });
    });
    const { events, nonce, sub, jti } = claims as {
      events?: object;
      nonce?: unknown;
      sub?: unknown;
      jti?: unknown;
    };
    const event = "http://schemas.openid.net/event/backchannel-logout";
    const valid =
      typeof events === "object" &&
      events !== null &&
      Object.hasOwn(events, event) &&
      nonce === undefined &&
      typeof sub === "string";
    if (!valid || !(await store.add(`logout:${id}:${String(jti)}`, "1", 600)))
      throw failed("LOGOUT_TOKEN_INVALID", "signout", { provider: id });
    await endings.set(`subject:${id}:${sub}`, String(Date.now() / 1000), cookie.absolute ?? 34_560_000);
    return json(200, {});
  }

  async function keys(): Promise<Response> {
    const { jwks } = options;
    if (jwks === undefined) throw failed("FLOW_NOT_FOUND", "session");
    const set = typeof jwks === "function" ? await call("session", jwks) : jwks;
    const shown = callWasm((m) => m.publicKeys(JSON.stringify({ keys: set.keys })));
    return new Response(shown ?? '{"keys":[]}', {
      headers: {
        ...headersFor("public-keys"),
        "content-type": "application/jwk-set+json",
      },
    });
  }

  async function whoIs(request: Request, platform: unknown): Promise<Response> {
    const { status, user, session, setCookies } = await getSession(request, platform);
    if (status === "unavailable") throw failed("APP_ERROR", "session");
    return json(200, status === "authenticated" ? { user, session } : null, setCookies);
  }

  async function getSession(request: Request, platform?: unknown): Promise<SessionAnswer> {
    try {
      return answerOf(await keeper.read(request));
    } catch (thrown) {
      // The app hears of it; nobody is signed out, and nobody is let in.
      await tell(request, platform, thrown, {
        navigates: false,
        page: undefined,
        lines: [],
        stage: "session",
      }).catch(() => {});
      return { status: "unavailable", user: null, session: null, setCookies: [] };
    }
  }

  /** The kept tokens of the session `jwt`. */
  async function tokensOf(request: Request, provider: string, jwt: Jwt): Promise<Tokens | null> {
    const sealed = callWasm(() => door.tokens(headerOf(request), provider));
    const kept = sealed ? await seals.open("tokens", sealed) : undefined;
    if (kept?.sid === jwt.sid) return kept.tokens as Tokens;
    const inStore = await shared?.get(tokensKey(jwt.sid, provider)).catch(() => null);
    return inStore ? (JSON.parse(inStore) as Tokens) : null;
  }

  async function answer(request: Request, platform: unknown, route: string, last: string): Promise<Response> {
    const trouble: Trouble = {
      navigates: false,
      page: undefined,
      lines: [],
      stage: STAGES[route] ?? "start",
    };
    try {
      if (route === "callback") return await callback(request, platform, last);
      if (route === "back-channel") return await backChannel(request, last);
      if (route === "keys") return await keys();
      if (route === "session") return await whoIs(request, platform);
      if (route === "use-link" && request.method !== "POST") {
        if (links === undefined) throw failed("FLOW_NOT_FOUND", "magic-link");
        return showLink(request.url, pages.magicLink, request.method === "HEAD");
      }
      const fields = await fieldsOf(request);
      trouble.navigates = fields.navigates;
      trouble.page = callbacksOf(request, fields.texts).failure;
      if (route === "social") return await social(request, fields);
      if (route === "credentials") return await enter(request, platform, fields);
      if (route === "send-link") return await sendLink(request, platform, fields);
      if (route === "use-link") return await useLink(request, platform, fields, trouble);
      if (route === "send-code") {
        await second.send(request, platform);
        return json(200, { status: true });
      }
      if (route === "second-factor") return await checkCode(request, platform, last, fields);
      return await signOut(request, fields, route === "sign-out-everywhere");
    } catch (thrown) {
      return tell(request, platform, thrown, trouble);
    }
  }

  async function handler(request: Request, platform?: unknown): Promise<Response> {
    const said = (name: string) => request.headers.get(name) ?? undefined;
    const { method, url } = request;
    let asked: string[];
    try {
      asked = callWasm(() =>
        door.route(
          method,
          url,
          ownOf(request),
          said("sec-fetch-site"),
          said("sec-fetch-mode"),
          said("sec-fetch-dest"),
          said("origin"),
          said("x-httponly"),
        ),
      );
    } catch (thrown) {
      const wrongMethod = (thrown as { status?: number }).status === 405;
      return refusal(thrown, wrongMethod ? { allow: door.allow(url) } : undefined);
    }
    const [route, last] = asked as [string, string];
    try {
      const response = await answer(request, platform, route, last);
      return method === "HEAD" ? new Response(null, response) : response;
    } catch {
      // What was thrown cannot even be looked at.
      return broken("app-failed");
    }
  }

  const auth = {
    basePath: base,
    ...(declared !== undefined && { origin: declared }),
    handler,
    getSession,
    async tokens(request: Request, provider: string) {
      text("provider", provider);
      const read = await current(request);
      return read === null || !clients.has(provider) ? null : tokensOf(request, provider, read.jwt);
    },
    purge(what?: string | { userId: string }) {
      if (typeof what === "object" && what !== null)
        void keeper.revokeUser(text("userId", what.userId)).catch(() => {});
      else if (what !== undefined) void forget(text("token", what));
    },
  };

  /** Ends a session by its cookie's value, or by its identifier. */
  async function forget(token: string): Promise<void> {
    const jwt = await keeper.claims(token).catch(() => undefined);
    await keeper
      .revoke(jwt ?? { sub: "", sid: token, iat: 0, exp: 0, auth_time: seconds(), idp: "" })
      .catch(() => {});
  }

  return auth as unknown as OwnAuth<U, S, P>;
}

/** Where a store keeps the tokens of a session. */
const tokensKey = (sid: string, provider: string) => `tokens:${sid}:${provider}`;

/** One line for what is the app's fault or a provider's, where no onError hears of it: names, and never a value. */
function note({ stage, reason, provider, status, code, cause }: AuthError): void {
  if (status < 500 && code !== "too-large") return;
  const whose = provider === undefined ? "" : ` of ${provider}`;
  const threw = cause instanceof Error ? `, by ${cause.name}; onError gets it whole` : "";
  console.error(`httponly: signing in failed at ${stage}${whose}: ${reason}${threw}`);
}

/** The page that asked for a link, which says that it is under way. */
function withNotice(page: string): string {
  const [path = "", fragment] = page.split("#");
  const query = `${path}${path.includes("?") ? "&" : "?"}notice=magic-link-sent`;
  return fragment === undefined ? query : `${query}#${fragment}`;
}

/** Apple says a person's name once, beside its first answer and not signed: `user`, where no claim has that name. */
function withUser(claims: object, said: string | null): object {
  if (said === null || "user" in claims) return claims;
  try {
    const user: unknown = JSON.parse(said);
    return typeof user === "object" && user !== null ? { ...claims, user } : claims;
  } catch {
    return claims;
  }
}

/** Who a provider says it is. */
function subjectOf(profile: object): string | undefined {
  const { sub } = profile as { sub?: unknown };
  return typeof sub === "string" ? sub : undefined;
}

/** What a form entered: what the provider lists, and nothing else. */
async function enteredFields(form: FormProvider, { texts, whole }: Fields): Promise<unknown> {
  if (Array.isArray(form.fields)) {
    const own: Record<string, string> = {};
    for (const name of form.fields as readonly string[]) {
      const value = texts[name];
      if (value === undefined || value === "" || value.length > LONGEST || typeof whole[name] !== "string")
        throw failed("INVALID_FIELD", "credentials", { field: name });
      own[name] = value;
    }
    return own;
  }
  const { callbackURL: _, errorCallbackURL: __, ...entered } = whole;
  const schema = form.fields as StandardSchemaV1;
  const result = await call("credentials", () => schema["~standard"].validate(entered));
  if (result.issues === undefined) return result.value;
  const [segment] = result.issues[0]?.path ?? [];
  const field = typeof segment === "object" ? segment.key : segment;
  throw failed("INVALID_FIELD", "credentials", { field: typeof field === "string" ? field : undefined });
}
