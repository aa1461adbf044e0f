/**
 * What a provider, or whoever stands between, may try: each ends anonymous, with a reason of its own, and without a token
 * request where none is due. Checklist points 24 to 28.
 */
import { createAuth, oidc } from "httponly/server";
import { decodeJwt, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { back, begin, type Liar, liar, signInAt } from "./providers.ts";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

type Payload = Record<string, unknown>;

function app(issuer: string, second = issuer) {
  return createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      oidc({ id: "corp", issuer, clientId: "client", clientSecret: "client's secret" }),
      oidc({ id: "mallory", issuer: second, clientId: "client", clientSecret: "client's secret" }),
    ],
    profileToUser: (profile) => ({ id: `${profile.iss}#${profile.sub}` }),
  });
}

/** Signs in with a provider that does this to its answer. */
async function attacked(
  prepare: (provider: Liar) => unknown,
): Promise<{ reason: string | null; who: unknown; asked: number }> {
  const provider = await liar();
  await prepare(provider);
  const browser = new Browser(app(provider.issuer));
  const got = await signInAt(browser, "corp");
  expect(got.status).toBe(303);
  return { reason: failureOf(got).reason, who: await browser.who(), asked: provider.tokenRequests() };
}

const claims =
  (change: (payload: Payload) => void) =>
  ({ server }: Liar) =>
    server.service.on("beforeTokenSigning", ({ payload }) => change(payload as Payload));

/** Another ID token in place of the provider's, which whoever stands between puts there. */
const forged =
  (forge: (payload: Payload, key: Record<string, unknown>) => Promise<string> | string) =>
  async ({ server, issuer }: Liar) => {
    const key = server.issuer.keys.toJSON()[0] as Record<string, unknown>;
    const real = globalThis.fetch;
    const between = async (input: string | URL | Request, init?: RequestInit) => {
      const answer = await real(input, init);
      if (String(input) !== `${issuer}/token`) return answer;
      const body = (await answer.json()) as { id_token: string };
      const payload = { ...decodeJwt(body.id_token), sub: "victim" };
      return Response.json({ ...body, id_token: await forge(payload, key) });
    };
    vi.stubGlobal("fetch", between);
    onTestFinished(() => void vi.unstubAllGlobals());
  };

const now = Math.floor(Date.now() / 1000);

describe("with a provider that lies", () => {
  const rows: [string, (provider: Liar) => unknown, string][] = [
    [
      "another issuer in the ID token",
      claims((payload) => Object.assign(payload, { iss: "https://evil.example" })),
      "ISSUER_MISMATCH",
    ],
    ["another nonce", claims((payload) => Object.assign(payload, { nonce: "another" })), "NONCE_MISMATCH"],
    ["no nonce", claims((payload) => void delete payload.nonce), "NONCE_MISMATCH"],
    [
      "another audience",
      claims((payload) => Object.assign(payload, { aud: "another" })),
      "AUDIENCE_MISMATCH",
    ],
    [
      "further audiences",
      claims((payload) => Object.assign(payload, { aud: ["client", "another"] })),
      "AUDIENCE_MISMATCH",
    ],
    [
      "another authorized party",
      claims((payload) => Object.assign(payload, { azp: "another" })),
      "AUTHORIZED_PARTY_MISMATCH",
    ],
    [
      "an authorized party among several audiences",
      claims((payload) => Object.assign(payload, { aud: ["client", "b"], azp: "b" })),
      "AUTHORIZED_PARTY_MISMATCH",
    ],
    [
      "an ID token that is over",
      claims((payload) => Object.assign(payload, { exp: now - 120 })),
      "ID_TOKEN_EXPIRED",
    ],
    [
      "an ID token of tomorrow, by nbf",
      claims((payload) => Object.assign(payload, { nbf: now + 120 })),
      "ID_TOKEN_NOT_YET_VALID",
    ],
    [
      "an ID token of tomorrow, by iat",
      claims((payload) => Object.assign(payload, { iat: now + 120, nbf: now })),
      "ID_TOKEN_NOT_YET_VALID",
    ],
    ["no subject", claims((payload) => void delete payload.sub), "ID_TOKEN_INVALID"],
    ["alg none", forged((payload) => new UnsecuredJWT(payload as never).encode()), "ALGORITHM_REFUSED"],
    [
      "an HMAC by the public key",
      forged(async (payload, key) => {
        const { kty, n, e } = key as Record<string, string>;
        const pem = await exportSPKI((await importJWK({ kty, n, e } as never, "RS256")) as never);
        return new SignJWT(payload as never)
          .setProtectedHeader({ alg: "HS256", kid: key.kid as string })
          .sign(new TextEncoder().encode(pem));
      }),
      "ALGORITHM_REFUSED",
    ],
    [
      "another's signature",
      forged(async (payload, key) => {
        const { privateKey } = await generateKeyPair("RS256");
        return new SignJWT(payload as never)
          .setProtectedHeader({ alg: "RS256", kid: key.kid as string })
          .sign(privateKey);
      }),
      "SIGNATURE_INVALID",
    ],
    [
      "a key of the token's own",
      forged(async (payload) => {
        const { privateKey, publicKey } = await generateKeyPair("RS256");
        const jwk = await exportJWK(publicKey);
        return new SignJWT(payload as never)
          .setProtectedHeader({ alg: "RS256", kid: "own", jwk, jku: "https://evil.example/jwks" })
          .sign(privateKey);
      }),
      "SIGNATURE_INVALID",
    ],
  ];

  for (const [what, prepare, reason] of rows)
    it(`C27 ${what} is ${reason}`, async () => {
      expect(await attacked(prepare)).toEqual({ reason, who: "anonymous", asked: 1 });
    });

  it("a code that is spent already is the provider's invalid_grant", async () => {
    const { reason, who } = await attacked(({ server }) =>
      server.service.on("beforeResponse", (answer) => {
        Object.assign(answer, {
          statusCode: 400,
          body: { error: "invalid_grant", error_description: "text of theirs" },
        });
      }),
    );
    expect([reason, who]).toEqual(["invalid_grant", "anonymous"]);
  });

  it("an answer that is broken is typed", async () => {
    const { reason, who } = await attacked(({ server }) =>
      server.service.on("beforeResponse", (answer) => {
        Object.assign(answer, { statusCode: 200, body: {} });
      }),
    );
    expect([reason, who]).toEqual(["PROVIDER_RESPONSE_INVALID", "anonymous"]);
  });
});

describe("with an answer that is led astray", () => {
  it("C26 another issuer in the answer, or none where there has to be one, asks for no token", async () => {
    const provider = await liar();
    const browser = new Browser(app(provider.issuer));
    const answer = new URL(await back(await begin(browser, "corp")));
    answer.searchParams.set("iss", "https://evil.example");
    expect(failureOf(await browser.visit(answer.href)).reason).toBe("ISSUER_MISMATCH");
    expect([provider.tokenRequests(), await browser.who()]).toEqual([0, "anonymous"]);
  });

  it("C28 an answer at another provider's callback asks for no token", async () => {
    const [provider, mallory] = [await liar(), await liar()];
    const browser = new Browser(app(provider.issuer, mallory.issuer));
    const answer = new URL(await back(await begin(browser, "corp")));
    answer.pathname = "/api/auth/callback/mallory";
    expect(failureOf(await browser.visit(answer.href))).toEqual({
      status: 303,
      page: "/login",
      error: "signin-failed",
      reason: "PROVIDER_MISMATCH",
    });
    expect([provider.tokenRequests(), mallory.tokenRequests(), await browser.who()]).toEqual([
      0,
      0,
      "anonymous",
    ]);
    expect(browser.names).toEqual([]);
  });

  it("C25 another browser's transaction is none", async () => {
    const provider = await liar();
    const auth = app(provider.issuer);
    const [ada, eve] = [new Browser(auth), new Browser(auth)];
    const attack = await back(await begin(eve, "corp"));
    expect(failureOf(await ada.visit(attack)).reason).toBe("NO_TRANSACTION");
    await begin(ada, "corp");
    expect(failureOf(await ada.visit(attack)).reason).toBe("STATE_MISMATCH");
    expect([provider.tokenRequests(), await ada.who()]).toEqual([0, "anonymous"]);
  });

  it("a transaction of another app, or a session in its place, opens nothing", async () => {
    const provider = await liar();
    const browser = new Browser(app(provider.issuer));
    const answer = await back(await begin(browser, "corp"));
    const [name] = browser.names as [string];
    await signInAt(browser, "corp");
    const session = browser.jar.get("__Host-session");
    for (const value of [`1.${session}`, `${now}.${session}`, `${now}.x`, `${now}.`, "x"]) {
      browser.jar.set(name, value);
      expect(failureOf(await browser.visit(answer, browser.cookie)).reason).toBe("STATE_MISMATCH");
    }
    expect(provider.tokenRequests()).toBe(1);
  });
});
