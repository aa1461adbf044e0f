/**
 * Signing in at a provider: the way there, and what comes back. The protocol is `oauth4webapi`'s; which errors mean what
 * is said in src/sign_in/failure.rs.
 *
 * @module
 */
import type * as OAuth from "oauth4webapi";
import { callWasm } from "../../wasm/server.ts";
import { random } from "../random.ts";
import { readWithin } from "../stream.ts";
import { type AuthStage, failed, isFailure } from "./failure.ts";
import type { Elsewhere } from "./providers.ts";
import type { Tokens } from "./types.ts";

/** Milliseconds until a provider has answered. */
const TIMEOUT = 5000;
/** Milliseconds for which a provider's metadata are kept. */
const METADATA_KEPT = 3_600_000;
/** Bytes of a provider's answer. */
const LIMIT = 512 * 1024;

/** Two switches for Microsoft's metadata, whose issuer is a pattern; the library's types leave them out. */
interface Pattern {
  readonly _nodiscoverycheck: URL;
  readonly _expectedIssuer: unique symbol;
}

type Module = typeof OAuth & Pattern;
type Step = "discovery" | "response" | "token" | "signature" | "profile";
type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** What a browser keeps while its user is away: sealed, in a cookie of its own. */
export interface Transaction {
  /** The provider. */
  p: string;
  /** `state` */
  s: string;
  /** `nonce` */
  n: string;
  /** The code verifier of PKCE. */
  v: string;
  /** The issuer that was asked. */
  i: string;
  /** `redirect_uri` */
  r: string;
  /** Where the visitor goes then. */
  c: string;
  /** Where the visitor goes if it fails. */
  e: string;
  /** When it began, in seconds. */
  t: number;
}

/** What a provider says. */
export interface Arrival {
  profile: object | null;
  tokens: Tokens;
}

/** A provider, ready to be asked. */
export interface Client {
  readonly id: string;
  readonly keeps: boolean;
  /** The address of the provider's page, and what the browser keeps meanwhile. */
  start(to: {
    redirectUri: string;
    state: string;
    now: number;
  }): Promise<{ url: string; transaction: Omit<Transaction, "c" | "e"> }>;
  /** Reads the provider's answer, and asks it for the rest. */
  arrive(transaction: Transaction, query: URLSearchParams): Promise<Arrival>;
  /** Where a visitor signs out at the provider; nothing where it has no such page. */
  endSession(idToken: string | undefined, back: string): Promise<string | undefined>;
  /** The claims of a logout token that the provider signed. */
  logoutToken(token: string): Promise<Record<string, unknown>>;
}

/** Makes an error of the library's a failure with a reason. */
async function step<T>(
  provider: string,
  name: Step,
  stage: AuthStage,
  act: () => Promise<T> | T,
): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (isFailure(thrown)) throw thrown;
    const { code, error, cause, status } = thrown as {
      code?: string;
      error?: string;
      status?: number;
      cause?: { claim?: string; header?: object; claims?: object; status?: number };
    };
    const about =
      cause?.claim ??
      (cause?.header !== undefined ? "alg" : cause?.claims !== undefined ? claimOf(thrown) : undefined);
    const answered = status ?? (cause instanceof Response ? cause.status : undefined);
    const known = typeof code === "string" && code.startsWith("OAUTH_") ? code : undefined;
    const reason = callWasm((m) => m.oauthReason(name, known, about, error, answered));
    throw failed(reason, stage, { provider, cause: thrown });
  }
}

/** The claim that an error names in its text alone: one that is missing. */
function claimOf(thrown: unknown): string {
  return /"nonce"/.test(String(thrown)) ? "nonce" : "claims";
}

/** A provider that is asked by the global `fetch`, as it is at the time of the call. */
export function client(provider: Elsewhere): Client {
  const { id, options } = provider;
  let library: Promise<Module> | undefined;
  const load = () => {
    library ??= import("oauth4webapi") as Promise<unknown> as Promise<Module>;
    return library;
  };
  let known: { until: number; server: Promise<OAuth.AuthorizationServer> } | undefined;
  const jwks: OAuth.JWKSCacheInput = {};

  const ask = async (url: string | URL, init?: RequestInit) => {
    const response = await fetch(url, { ...init, redirect: "manual" });
    // Nobody reads an answer without end.
    const bytes = response.body ? await readWithin(response.body as Bytes, LIMIT) : new Uint8Array();
    if (bytes === undefined) throw new TypeError("the answer is too large");
    const nothing = [101, 204, 205, 304].includes(response.status) || response.status < 200;
    return new Response(nothing ? null : bytes, { status: response.status, headers: response.headers });
  };

  /** What every call of the library is given. */
  const through = (oauth: Module) => ({
    [oauth.customFetch]: (url: string, init: object) => ask(url, init as RequestInit),
    signal: () => AbortSignal.timeout(TIMEOUT),
    // Every address was checked: what is http is on this machine.
    [oauth.allowInsecureRequests]: true,
  });
  const registered = (oauth: Module): OAuth.Client => ({
    client_id: options.clientId,
    [oauth.clockTolerance]: 30,
  });
  const proof = (oauth: Module): OAuth.ClientAuth => {
    const { clientSecret, clientAuthentication } = options;
    if (clientSecret === undefined) return oauth.None();
    return clientAuthentication === "post"
      ? oauth.ClientSecretPost(clientSecret)
      : oauth.ClientSecretBasic(clientSecret);
  };

  async function discover(oauth: Module): Promise<OAuth.AuthorizationServer> {
    const { endpoints, issuer = "" } = provider;
    if (endpoints !== undefined) {
      return {
        issuer: issuer || new URL(endpoints.authorization).origin,
        authorization_endpoint: endpoints.authorization,
        token_endpoint: endpoints.token,
        userinfo_endpoint: endpoints.userinfo,
      };
    }
    const url = new URL(issuer);
    const tenants = callWasm((m) => m.hasTenants(issuer));
    const answer = await oauth.discoveryRequest(url, through(oauth));
    const server = await oauth.processDiscoveryResponse(tenants ? oauth._nodiscoverycheck : url, answer);
    const safe = (address: unknown) =>
      address === undefined || (typeof address === "string" && callWasm((m) => m.isSafeProvider(address)));
    const { authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint, end_session_endpoint } =
      server;
    const needed = [authorization_endpoint, token_endpoint, jwks_uri];
    if (needed.includes(undefined) || ![...needed, userinfo_endpoint, end_session_endpoint].every(safe))
      throw failed("PROVIDER_MISCONFIGURED", "start", { provider: id });
    const algorithms = server.id_token_signing_alg_values_supported;
    return {
      ...server,
      id_token_signing_alg_values_supported: callWasm((m) =>
        m.signingAlgorithms(Array.isArray(algorithms) ? algorithms.filter((a) => typeof a === "string") : []),
      ),
      ...(tenants && {
        // Each tenant's tokens name an issuer of their own.
        [oauth._expectedIssuer]: ({ claims }: { claims: Record<string, unknown> }) => {
          const tenant = typeof claims.tid === "string" ? claims.tid : "";
          const own = callWasm((m) => m.tenantIssuer(server.issuer, tenant, [...(provider.tenants ?? [])]));
          if (own === undefined) throw failed("TENANT_REFUSED", "callback", { provider: id });
          return own;
        },
      }),
    };
  }

  /** The provider's metadata: asked for once by all who need them, and again where that failed. */
  async function metadata(oauth: Module, stage: AuthStage): Promise<OAuth.AuthorizationServer> {
    if (known === undefined || known.until < Date.now()) {
      const asked = { until: Date.now() + METADATA_KEPT, server: discover(oauth) };
      known = asked;
      asked.server.catch(() => {
        if (known === asked) known = undefined;
      });
    }
    const { server } = known;
    return step(id, "discovery", stage, () => server);
  }

  /** Spends the code, and verifies what comes for it. */
  async function exchange(
    oauth: Module,
    server: OAuth.AuthorizationServer,
    transaction: Transaction,
    query: URLSearchParams,
  ) {
    const own = registered(oauth);
    const code = await step(id, "response", "callback", () =>
      oauth.validateAuthResponse(server, own, query, transaction.s),
    );
    const openid = provider.kind === "oidc";
    return step(id, "token", "callback", async () => {
      const { r, v } = transaction;
      const answer = await oauth.authorizationCodeGrantRequest(
        server,
        own,
        proof(oauth),
        code,
        r,
        v,
        through(oauth),
      );
      if (!openid && answer.ok) {
        const body = await answer.clone().text();
        const said = callWasm((m) => m.oauthError(body));
        if (said !== undefined) throw failed(said, "callback", { provider: id });
      }
      const expected = openid ? { expectedNonce: transaction.n, requireIdToken: true } : {};
      const tokens = await oauth.processAuthorizationCodeResponse(server, own, answer, expected);
      if (openid) {
        await step(id, "signature", "callback", () =>
          oauth.validateApplicationLevelSignature(server, answer, {
            ...through(oauth),
            [oauth.jwksCache]: jwks,
          }),
        );
      }
      return tokens;
    });
  }

  /** Claims that an ID token leaves to the userinfo endpoint (OpenID Connect Core section 5.4). */
  async function withUserinfo(
    oauth: Module,
    server: OAuth.AuthorizationServer,
    claims: OAuth.IDToken,
    accessToken: string,
  ): Promise<Record<string, unknown>> {
    const scopes = provider.scope.split(" ");
    const lacks =
      (scopes.includes("email") && claims.email === undefined) ||
      (scopes.includes("profile") && claims.name === undefined);
    if (!lacks || server.userinfo_endpoint === undefined) return claims;
    const own = registered(oauth);
    const answer = await step(id, "profile", "callback", () =>
      oauth.userInfoRequest(server, own, accessToken, through(oauth)),
    );
    if (answer.status >= 500 || answer.status === 429)
      throw failed("PROVIDER_UNAVAILABLE", "callback", { provider: id });
    try {
      const more = await oauth.processUserInfoResponse(server, own, claims.sub, answer);
      // What is signed counts.
      return { ...more, ...claims };
    } catch {
      // What is said of somebody else, or cannot be read, is not used.
      return claims;
    }
  }

  async function readProfile(accessToken: string): Promise<object | null> {
    const { endpoints, profile } = provider;
    if (endpoints === undefined || profile === undefined) return null;
    const headers = {
      accept: "application/json",
      authorization: `Bearer ${accessToken}`,
      // GitHub refuses requests without one.
      "user-agent": "httponly",
    };
    const read = async (url: string) => ask(url, { headers, signal: AbortSignal.timeout(TIMEOUT) });
    const answers = await step(id, "profile", "callback", async () => {
      const userinfo = await read(endpoints.userinfo);
      const emails = endpoints.emails === undefined ? undefined : await read(endpoints.emails);
      return [userinfo, emails] as const;
    });
    for (const answer of answers)
      if (answer !== undefined && (answer.status >= 500 || answer.status === 429))
        throw failed("PROVIDER_UNAVAILABLE", "callback", { provider: id });
    const [userinfo, emails] = answers;
    const said = userinfo.ok ? await userinfo.text() : "";
    try {
      const found = profile(said, emails?.ok ? await emails.text() : "");
      if (found !== null) return found;
    } catch (cause) {
      throw failed("PROVIDER_RESPONSE_INVALID", "callback", { provider: id, cause });
    }
    throw failed("PROVIDER_RESPONSE_INVALID", "callback", { provider: id });
  }

  return {
    id,
    keeps: options.tokens === "keep",
    async start({ redirectUri, state, now }) {
      const oauth = await load();
      const server = await metadata(oauth, "start");
      const [nonce, verifier] = [random(), random()];
      const url = new URL(server.authorization_endpoint as string);
      const parameters: Record<string, string> = {
        ...options.authorization,
        client_id: options.clientId,
        redirect_uri: redirectUri,
        response_type: "code",
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        ...(provider.scope && { scope: provider.scope }),
        ...(provider.kind === "oidc" && { nonce }),
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      const transaction = {
        p: id,
        s: state,
        n: nonce,
        v: verifier,
        i: server.issuer,
        r: redirectUri,
        t: now,
      };
      return { url: url.href, transaction };
    },
    async arrive(transaction, query) {
      const oauth = await load();
      const server = await metadata(oauth, "callback");
      if (transaction.i !== server.issuer) throw failed("ISSUER_MISMATCH", "callback", { provider: id });
      const answered = await exchange(oauth, server, transaction, query);
      const tokens = tokensOf(answered);
      if (provider.kind !== "oidc") return { profile: await readProfile(tokens.accessToken), tokens };
      const claims = oauth.getValidatedIdTokenClaims(answered) as OAuth.IDToken;
      const azp = typeof claims.azp === "string" ? claims.azp : undefined;
      const odd =
        callWasm((m) => m.oddToken(azp, claims.iat, options.clientId, Date.now() / 1000)) ??
        provider.check?.(claims);
      if (odd !== undefined) throw failed(odd, "callback", { provider: id });
      return { profile: await withUserinfo(oauth, server, claims, tokens.accessToken), tokens };
    },
    async endSession(idToken, back) {
      const oauth = await load();
      const { end_session_endpoint } = await metadata(oauth, "signout");
      if (end_session_endpoint === undefined) return undefined;
      const url = new URL(end_session_endpoint);
      url.searchParams.set("client_id", options.clientId);
      url.searchParams.set("post_logout_redirect_uri", back);
      if (idToken !== undefined) url.searchParams.set("id_token_hint", idToken);
      return url.href;
    },
    async logoutToken(token) {
      const oauth = await load();
      const server = await metadata(oauth, "signout");
      return step(id, "signature", "signout", async () => {
        const { createRemoteJWKSet, customFetch, jwtVerify } = await import("jose");
        const keys = createRemoteJWKSet(new URL(server.jwks_uri as string), {
          [customFetch]: (url: string, init: object) => ask(url, init as RequestInit),
        });
        const { payload } = await jwtVerify(token, keys, {
          issuer: server.issuer,
          audience: options.clientId,
          algorithms: server.id_token_signing_alg_values_supported as string[],
          clockTolerance: 30,
          maxTokenAge: 300,
        });
        return payload;
      });
    },
  };
}

/** The tokens of an answer, as an app gets them. */
function tokensOf(answer: OAuth.TokenEndpointResponse): Tokens {
  const { access_token, refresh_token, id_token, expires_in, scope } = answer;
  return {
    accessToken: access_token,
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(id_token !== undefined && { idToken: id_token }),
    ...(expires_in !== undefined && { expiresAt: Date.now() + expires_in * 1000 }),
    ...(scope !== undefined && { scope }),
  };
}
