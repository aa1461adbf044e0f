/** Signing in at a provider: the way there and back, in one browser and in many. */
import { createAuth, github, google, oauth, oidc, type Tokens } from "httponly/server";
import { describe, expect, it, vi } from "vitest";
import { back, begin, gitHub, liar, listen, signInAt } from "./providers.ts";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

type Profile = { sub: string; iss: string; provider: string; email?: string; name?: string };

function app(issuer: string, more: Record<string, unknown> = {}, provider: Record<string, unknown> = {}) {
  return createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      oidc({ id: "corp", issuer, clientId: "client", clientSecret: "client's secret", ...provider }),
      oidc({ id: "other", issuer, clientId: "client", clientSecret: "client's secret" }),
    ],
    profileToUser: (profile) => ({ id: `${profile.iss}#${profile.sub}` }),
    ...(more as object),
  });
}

describe("the way to a provider", () => {
  it("C23 C24 C27 has PKCE, state, nonce and the redirect URI of the declared origin, whatever a request says", async () => {
    const { issuer } = await liar();
    const auth = app(issuer, { basePath: "/auth" });
    const browser = new Browser(auth, "http://0.0.0.0:3000");
    const headers = {
      origin: "http://0.0.0.0:3000",
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "http",
      forwarded: "host=evil.example",
      host: "evil.example",
    };
    const got = await browser.post("/sign-in/social", { provider: "corp" }, { ...headers, origin: ORIGIN });
    const { searchParams } = new URL(got.body?.url ?? "");
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: "client",
      redirect_uri: `${ORIGIN}/auth/callback/corp`,
      response_type: "code",
      scope: "openid email profile",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(got.lines).toEqual([
      expect.stringMatching(
        /^__Host-session\.tx\.[0-9a-f]{24}=\d+\.[\w.-]+; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=600$/,
      ),
    ]);
  });

  it("R6 is not taken where no origin is declared, but on this machine", async () => {
    const { issuer } = await liar();
    const undeclared = app(issuer, { origin: undefined });
    const got = await new Browser(undeclared, "https://evil.example").post("/sign-in/social", {
      provider: "corp",
    });
    expect([got.status, got.body?.error?.reason]).toEqual([503, "ORIGIN_UNDECLARED"]);
    const local = await new Browser(undeclared, "http://localhost:5173").post("/sign-in/social", {
      provider: "corp",
    });
    expect(new URL(local.body?.url ?? "").searchParams.get("redirect_uri")).toBe(
      "http://localhost:5173/api/auth/callback/corp",
    );
  });

  it("R5 leads to the declared origin first, where the page is at another", async () => {
    const { issuer } = await liar();
    const browser = new Browser(app(issuer), "https://www.app.example");
    const got = await browser.post(
      "/sign-in/social",
      { provider: "corp" },
      { referer: "https://www.app.example/login?a=1" },
    );
    expect(got.body?.url).toBe(`${ORIGIN}/login?a=1`);
    expect(got.lines).toEqual([]);
  });

  it("R2 C31 leaves at most five transactions, the oldest of which goes", async () => {
    const { issuer } = await liar();
    const browser = new Browser(app(issuer));
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (let i = 0; i < 200; i++) {
        await begin(browser, "corp");
        vi.setSystemTime(Date.now() + 1000);
      }
      expect(browser.names.length).toBe(5);
      expect(browser.cookie.length).toBeLessThan(6000);
      vi.setSystemTime(Date.now() + 700_000);
      await begin(browser, "corp");
      expect(browser.names.length).toBe(1);
    } finally {
      vi.useRealTimers();
    }
    await browser.post("/sign-out");
    expect(browser.names).toEqual([]);
  });

  it("C27 a provider that is away, or is not what is declared, is typed", async () => {
    const answers = (body: unknown, status = 200) =>
      listen((_, response) =>
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
      );
    const away = "http://127.0.0.1:9";
    const other = await answers({
      issuer: "https://other.example",
      authorization_endpoint: "https://a.example",
      token_endpoint: "https://a.example",
      jwks_uri: "https://a.example",
    });
    const broken = await answers({}, 500);
    const empty = await listen((_, response) => response.writeHead(404).end());
    for (const [issuer, status, reason] of [
      [away, 503, "PROVIDER_UNAVAILABLE"],
      [other, 401, "ISSUER_MISMATCH"],
      [broken, 503, "PROVIDER_UNAVAILABLE"],
      [empty, 503, "PROVIDER_MISCONFIGURED"],
    ] as const) {
      const got = await new Browser(app(issuer)).post("/sign-in/social", { provider: "corp" });
      expect([issuer, got.status, got.body?.error?.reason]).toEqual([issuer, status, reason]);
    }
    let insecure = "";
    insecure = await listen((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(
        JSON.stringify({
          issuer: insecure,
          authorization_endpoint: "http://evil.example/",
          token_endpoint: insecure,
          jwks_uri: insecure,
        }),
      ),
    );
    const got = await new Browser(app(insecure)).post("/sign-in/social", { provider: "corp" });
    expect(got.body?.error?.reason).toBe("PROVIDER_MISCONFIGURED");
  });
});

describe("the way back", () => {
  it("signs in, leads to the page that was asked for, and leaves nothing but the session", async () => {
    const { issuer } = await liar();
    const profiles: Profile[] = [];
    const browser = new Browser(
      app(issuer, {
        profileToUser: (profile: Profile) => {
          profiles.push(profile);
          return { id: profile.sub };
        },
      }),
    );
    const got = await signInAt(browser, "corp");
    expect([got.status, got.location]).toEqual([303, "/library"]);
    expect(browser.names).toEqual(["__Host-session"]);
    expect(await browser.who()).toBe("johndoe");
    expect(profiles).toMatchObject([{ sub: "johndoe", iss: issuer, provider: "corp" }]);
  });

  it("R1 C31 five tabs sign in at once, answered in reverse: all succeed", async () => {
    const { issuer } = await liar();
    const browser = new Browser(app(issuer));
    const answers: string[] = [];
    for (let i = 0; i < 5; i++) answers.push(await back(await begin(browser, i % 2 ? "corp" : "other")));
    for (const answer of answers.reverse()) {
      const got = await browser.visit(answer);
      expect(got.location).toBe("/library");
    }
    expect(browser.names).toEqual(["__Host-session"]);
  });

  it("R4 C25 no transaction is not another one, and neither asks for a token", async () => {
    const { issuer, tokenRequests } = await liar();
    const auth = app(issuer);
    const [ada, eve] = [new Browser(auth), new Browser(auth)];
    const answer = await back(await begin(ada, "corp"));
    const none = await eve.visit(answer);
    expect(failureOf(none)).toEqual({
      status: 303,
      page: "/login",
      error: "signin-failed",
      reason: "NO_TRANSACTION",
    });
    await begin(eve, "corp");
    expect(failureOf(await eve.visit(answer)).reason).toBe("STATE_MISMATCH");
    for (const change of [
      (url: URL) => url.searchParams.delete("state"),
      (url: URL) => url.searchParams.append("state", "x"),
      (url: URL) => url.searchParams.set("state", "x"),
    ]) {
      const url = new URL(answer);
      change(url);
      expect(failureOf(await ada.visit(url.href, ada.cookie)).reason).toBe("STATE_MISMATCH");
    }
    expect(tokenRequests()).toBe(0);
    expect(await eve.who()).toBe("anonymous");
    expect((await ada.visit(answer)).location).toBe("/library");
  });

  it("C25 an answer is used once", async () => {
    const { issuer, tokenRequests } = await liar();
    const browser = new Browser(app(issuer));
    const answer = await back(await begin(browser, "corp"));
    const cookie = browser.cookie;
    await browser.visit(answer);
    expect(failureOf(await browser.visit(answer, cookie)).reason).toBe("CALLBACK_REPLAYED");
    expect(failureOf(await browser.visit(answer)).reason).toBe("NO_TRANSACTION");
    expect(tokenRequests()).toBe(1);
    expect(await browser.who()).not.toBe("anonymous");
  });

  it("a transaction is over after ten minutes", async () => {
    const { issuer, tokenRequests } = await liar();
    const browser = new Browser(app(issuer));
    const answer = await back(await begin(browser, "corp"));
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    try {
      expect(failureOf(await browser.visit(answer)).reason).toBe("TRANSACTION_EXPIRED");
    } finally {
      vi.useRealTimers();
    }
    expect([tokenRequests(), browser.names]).toEqual([0, []]);
  });

  it("R8 an answer by form leads to a GET, which has the cookies", async () => {
    const { issuer } = await liar();
    const browser = new Browser(app(issuer, {}, { authorization: { response_mode: "form_post" } }));
    const to = await begin(browser, "corp");
    expect(new URL(to).searchParams.get("response_mode")).toBe("form_post");
    const { searchParams } = new URL(await back(to));
    const form = {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      body: searchParams,
    };
    const led = await browser.send("/api/auth/callback/corp", form, "");
    expect([led.status, led.lines]).toEqual([303, []]);
    expect(led.location).toMatch(/^\/api\/auth\/callback\/corp\?code=/);
    expect((await browser.visit(led.location ?? "")).location).toBe("/library");
  });

  it("R9 a name that comes once, beside an answer by form, reaches the app", async () => {
    const { issuer } = await liar();
    const profiles: Record<string, unknown>[] = [];
    const auth = app(issuer, {
      profileToUser: (profile: Profile) => {
        profiles.push(profile as unknown as Record<string, unknown>);
        return { id: profile.sub };
      },
    });
    for (const [user, expected] of [
      ['{"name":{"firstName":"Ada","lastName":"L"}}', { name: { firstName: "Ada", lastName: "L" } }],
      ["no JSON", undefined],
      ['"text"', undefined],
    ] as const) {
      const browser = new Browser(auth);
      const { searchParams } = new URL(await back(await begin(browser, "corp")));
      searchParams.set("user", user);
      const headers = {
        "sec-fetch-site": "cross-site",
        "sec-fetch-mode": "navigate",
        "sec-fetch-dest": "document",
      };
      const led = await browser.send(
        "/api/auth/callback/corp",
        { method: "POST", headers, body: searchParams },
        "",
      );
      expect((await browser.visit(led.location ?? "")).location).toBe("/library");
      expect([user, profiles.at(-1)?.user]).toEqual([user, expected]);
    }
  });

  it("C29 denied consent says so, and a provider's other errors have its own code", async () => {
    const { issuer, server, tokenRequests } = await liar();
    const browser = new Browser(app(issuer));
    for (const [error, code] of [
      ["access_denied", "signin-failed"],
      ["login_required", "signin-failed"],
      ["temporarily_unavailable", "unavailable"],
    ] as const) {
      server.service.once("beforeAuthorizeRedirect", ({ url }) => {
        url.searchParams.delete("code");
        url.searchParams.set("error", error);
        url.searchParams.set("error_description", "<script>alert(1)</script>");
      });
      const got = await signInAt(browser, "corp");
      expect(failureOf(got)).toEqual({ status: 303, page: "/login", error: code, reason: error });
      expect(got.location).toMatch(/^\/login\?from=a&/);
      expect(got.location).not.toContain("script");
    }
    expect(tokenRequests()).toBe(0);
  });

  it("a callback of the app that throws is unavailable, and a null profile refused", async () => {
    const { issuer } = await liar();
    const said = async (profileToUser: () => unknown) =>
      failureOf(await signInAt(new Browser(app(issuer, { profileToUser })), "corp"));
    expect(
      await said(() => {
        throw new Error("secret text");
      }),
    ).toMatchObject({ error: "unavailable", reason: "APP_ERROR" });
    expect(await said(() => null)).toMatchObject({ error: "rejected", reason: "USER_REFUSED" });
  });

  it("R11 C28 an account is its issuer and subject, and linking is told who is signed in", async () => {
    const { issuer } = await liar();
    const seen: unknown[] = [];
    const auth = app(issuer, {
      profileToUser: (profile: Profile, { current }: { current: unknown }) => {
        seen.push(current);
        return { id: `${profile.iss}#${profile.sub}` };
      },
    });
    const browser = new Browser(auth);
    await signInAt(browser, "corp");
    await signInAt(browser, "other");
    expect(seen).toEqual([null, { id: `${issuer}#johndoe` }]);
  });

  it("R23 clocks may differ by half a minute", async () => {
    const { issuer, server } = await liar();
    let change = (_: Record<string, number>) => {};
    server.service.on("beforeTokenSigning", ({ payload }) =>
      change(payload as unknown as Record<string, number>),
    );
    for (const [shift, reason] of [
      [20, null],
      [120, "ID_TOKEN_NOT_YET_VALID"],
      [-20, null],
      [-120, "ID_TOKEN_EXPIRED"],
    ] as const) {
      change = (payload) => {
        const now = Math.floor(Date.now() / 1000);
        if (shift > 0) Object.assign(payload, { iat: now + shift, nbf: now + shift, exp: now + shift + 60 });
        else Object.assign(payload, { iat: now - 300, nbf: now - 300, exp: now + shift });
      };
      expect([shift, failureOf(await signInAt(new Browser(app(issuer)), "corp")).reason]).toEqual([
        shift,
        reason,
      ]);
    }
  });
});

describe("tokens", () => {
  it("R13 C30 are kept only where that is declared, sealed, for this session alone", async () => {
    const { issuer } = await liar();
    const seen: (Tokens | null)[] = [];
    const profileToUser = ({ sub }: Profile, { tokens }: { tokens: Tokens | null }) => {
      seen.push(tokens);
      return { id: sub };
    };
    const none = app(issuer, { profileToUser });
    const browser = new Browser(none);
    await signInAt(browser, "corp");
    expect(await none.tokens(browser.request("/"), "corp" as never)).toBeNull();
    expect(seen[0]?.accessToken).toMatch(/^ey/);

    const keeps = app(issuer, { profileToUser }, { tokens: "keep" });
    const keeping = new Browser(keeps);
    await signInAt(keeping, "corp");
    expect(keeping.names.sort()).toEqual(["__Host-session", "__Host-session.tokens.corp"]);
    const kept = await keeps.tokens(keeping.request("/"), "corp" as never);
    expect(kept).toMatchObject({
      accessToken: seen[1]?.accessToken,
      idToken: expect.any(String),
      expiresAt: expect.any(Number),
    });
    expect(keeping.cookie).not.toContain(kept?.accessToken ?? "-");
    expect(await keeps.tokens(keeping.request("/"), "other" as never)).toBeNull();
    expect(await keeps.tokens(keeping.request("/"), "unknown" as never)).toBeNull();
    // Another session's are nobody's.
    const copied = keeping.jar.get("__Host-session.tokens.corp") ?? "";
    await signInAt(keeping, "other");
    expect(keeping.names).toEqual(["__Host-session"]);
    keeping.jar.set("__Host-session.tokens.corp", copied);
    expect(await keeps.tokens(keeping.request("/"), "corp" as never)).toBeNull();
    await keeping.post("/sign-out");
    expect(keeping.names).toEqual(["__Host-session.out"]);
  });

  it("R13 that are too large are refused by name", async () => {
    const { issuer, server } = await liar();
    server.service.on("beforeResponse", (answer) => {
      Object.assign(answer.body as object, { access_token: "x".repeat(6000) });
    });
    const browser = new Browser(app(issuer, {}, { tokens: "keep" }));
    expect(failureOf(await signInAt(browser, "corp"))).toMatchObject({
      error: "too-large",
      reason: "TOO_LARGE",
    });
    expect(browser.names).toEqual([]);
    expect((await signInAt(browser, "other")).location).toBe("/library");
  });

  it("R22 the provider's session ends on request, by its ID token", async () => {
    const { issuer } = await liar();
    const browser = new Browser(app(issuer, {}, { tokens: "keep" }));
    await signInAt(browser, "corp");
    const plain = new Browser(browser.auth as ReturnType<typeof app>);
    plain.jar = new Map(browser.jar);
    const { body } = await browser.post("/sign-out", { provider: true, callbackURL: "/bye" });
    const url = new URL(body?.url ?? "");
    expect(url.origin).toBe(issuer);
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${ORIGIN}/bye`);
    expect(url.searchParams.get("id_token_hint")).toMatch(/^ey/);
    expect((await plain.post("/sign-out")).body).toEqual({ success: true });
  });
});

describe("previews at changing origins", () => {
  it("R7 are led to by the stable origin, if it lists them; cookie and token request stay there", async () => {
    const { issuer, tokenRequests } = await liar();
    const preview = "https://pr-7.preview.example";
    const at = new Browser(app(issuer, { origin: preview, relay: { through: ORIGIN } }), preview);
    const answer = await back(await begin(at, "corp"));
    expect(answer).toMatch(/^https:\/\/app\.example\/api\/auth\/callback\/corp\?/);
    const stable = new Browser(app(issuer, { relay: { allow: [preview] } }));
    const led = await stable.visit(answer);
    expect(led.location).toMatch(/^https:\/\/pr-7\.preview\.example\/api\/auth\/callback\/corp\?/);
    expect([led.lines, tokenRequests()]).toEqual([[], 0]);
    const strict = new Browser(app(issuer, { relay: { allow: ["https://pr-8.preview.example"] } }));
    expect(failureOf(await strict.visit(answer))).toMatchObject({ page: "/login", reason: "RELAY_REFUSED" });
    expect(failureOf(await new Browser(app(issuer)).visit(answer))).toMatchObject({ page: "/login" });
    const got = await at.visit(led.location ?? "");
    expect(got.location).toBe("/library");
    expect(await at.who()).toBe(`${issuer}#johndoe`);
  });
});

describe("GitHub", () => {
  const make = () =>
    createAuth({
      secret: SECRET,
      origin: ORIGIN,
      providers: [github({ clientId: "id", clientSecret: "github's secret" })],
      profileToUser: (profile) => ({ id: String(profile.id), profile }),
    });
  const ada = { id: 7, login: "ada", name: null, email: null };
  const profileOf = async (browser: Browser) =>
    ((await browser.peek()).user as { profile?: unknown } | null)?.profile;

  it("has the primary address", async () => {
    const { requests } = await gitHub({
      user: ada,
      emails: [
        { email: "old@example.com", primary: false, verified: true },
        { email: "ada@example.com", primary: true, verified: true },
      ],
    });
    const browser = new Browser(make());
    expect((await signInAt(browser, "github")).location).toBe("/library");
    expect(await profileOf(browser)).toEqual({
      id: 7,
      login: "ada",
      name: null,
      email: "ada@example.com",
      emailVerified: true,
      provider: "github",
    });
    expect(requests).toEqual([
      "/login/oauth/authorize",
      "/login/oauth/access_token",
      "/user",
      "/user/emails",
    ]);
  });

  it("R10 may have no address at all", async () => {
    for (const emails of [[], { message: "Not Found" }]) {
      await gitHub({ user: ada, emails });
      const browser = new Browser(make());
      await signInAt(browser, "github");
      expect(await profileOf(browser)).toMatchObject({ email: null, emailVerified: false });
    }
  });

  it("R10 sends errors with status 200", async () => {
    await gitHub({
      user: ada,
      emails: [],
      token: { error: "bad_verification_code", error_description: "text of theirs" },
    });
    const got = await signInAt(new Browser(make()), "github");
    expect(failureOf(got)).toMatchObject({ error: "signin-failed", reason: "bad_verification_code" });
    expect(got.location).not.toContain("text");
  });

  it("that names no account signs nobody in", async () => {
    await gitHub({ user: { message: "Bad credentials" }, emails: [] });
    expect(failureOf(await signInAt(new Browser(make()), "github")).reason).toBe("PROVIDER_RESPONSE_INVALID");
  });
});

describe("Microsoft", () => {
  it("R12 names an issuer for each tenant, of which those are let in that are listed", async () => {
    const { exportJWK, generateKeyPair, SignJWT } = await import("jose");
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const base = "https://login.microsoftonline.com";
    let [nonce, tid, iss] = ["", "", ""];
    vi.stubGlobal("fetch", async (input: string | URL) => {
      const { pathname } = new URL(input);
      if (pathname.endsWith("openid-configuration"))
        return Response.json({
          issuer: `${base}/{tenantid}/v2.0`,
          authorization_endpoint: `${base}/organizations/oauth2/v2.0/authorize`,
          token_endpoint: `${base}/organizations/oauth2/v2.0/token`,
          jwks_uri: `${base}/organizations/discovery/v2.0/keys`,
          id_token_signing_alg_values_supported: ["RS256"],
        });
      if (pathname.endsWith("keys"))
        return Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256" }] });
      const id_token = await new SignJWT({ nonce, tid, sub: "s", email: "a@b.example", name: "A" })
        .setProtectedHeader({ alg: "RS256", kid: "1" })
        .setIssuer(iss)
        .setAudience("client")
        .setIssuedAt()
        .setExpirationTime("1m")
        .sign(privateKey);
      return Response.json({ access_token: "t", token_type: "Bearer", id_token });
    });
    try {
      for (const [tenants, tenant, issuer, reason] of [
        [["tenant-a"], "tenant-a", `${base}/tenant-a/v2.0`, null],
        [["tenant-a"], "tenant-b", `${base}/tenant-b/v2.0`, "TENANT_REFUSED"],
        [["tenant-a"], "tenant-a", `${base}/tenant-b/v2.0`, "ISSUER_MISMATCH"],
        [undefined, "tenant-b", `${base}/tenant-b/v2.0`, null],
        [undefined, "tenant-b", "https://evil.example/tenant-b/v2.0", "ISSUER_MISMATCH"],
        [undefined, "", `${base}/{tenantid}/v2.0`, "TENANT_REFUSED"],
      ] as const) {
        const auth = createAuth({
          secret: SECRET,
          origin: ORIGIN,
          providers: [
            oidc({
              id: "microsoft",
              issuer: `${base}/organizations/v2.0`,
              clientId: "client",
              clientSecret: "s",
              tenants,
            }),
          ],
          profileToUser: ({ iss, sub }) => ({ id: `${iss}#${sub}` }),
        });
        const browser = new Browser(auth);
        const { searchParams } = new URL(await begin(browser, "microsoft"));
        [nonce, tid, iss] = [searchParams.get("nonce") ?? "", tenant, issuer];
        const got = await browser.visit(
          `/api/auth/callback/microsoft?code=c&state=${searchParams.get("state")}`,
        );
        expect([tenant, issuer, failureOf(got).reason]).toEqual([tenant, issuer, reason]);
        expect(await browser.who()).toBe(reason === null ? `${issuer}#s` : "anonymous");
      }
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("options of providers that are none", () => {
  it("throw by name", () => {
    const own = { clientId: "id", clientSecret: "a secret of the client" };
    for (const [make, name] of [
      [() => google({ ...own, clientId: "" }), /google: clientId/],
      [
        () => google({ clientID: "x", ...own } as never),
        /unknown option "clientID"; did you mean "clientId"/,
      ],
      [() => google({ ...own, hostedDomain: 7 } as never), /hostedDomain/],
      [() => github(undefined as never), /github/],
      [() => oidc({ ...own, id: "corp", issuerr: "https://a.example" } as never), /issuerr/],
      [() => oidc({ ...own, id: "corp", issuer: "http://id.example" }), /issuer/],
      [() => oidc({ ...own, id: "corp", issuer: "http://127.0.0.1.evil.example" }), /issuer/],
      [() => oidc({ ...own, id: "corp", issuer: "id.example" }), /issuer/],
      [() => oidc({ ...own, id: "My Corp", issuer: "https://a.example" }), /id must be/],
      [() => oidc({ ...own, id: "credentials", issuer: "https://a.example" }), /id must not be/],
      [
        () => oidc({ ...own, id: "a", issuer: "https://a.example", authorization: { state: "x" } }),
        /authorization\.state/,
      ],
      [
        () =>
          oidc({
            ...own,
            id: "a",
            issuer: "https://a.example",
            authorization: { response_mode: "fragment" },
          }),
        /response_mode/,
      ],
      [() => oidc({ ...own, id: "a", issuer: "https://a.example", tokens: "yes" as never }), /tokens/],
      [() => oidc({ ...own, id: "a", issuer: "https://a.example", scope: "email" }), /scope/],
      [
        () =>
          oauth({
            ...own,
            id: "a",
            authorizationUrl: "http://a.example",
            tokenUrl: "https://a.example",
            userinfoUrl: "https://a.example",
            profile: () => null,
          }),
        /authorizationUrl/,
      ],
      [
        () =>
          oauth({
            ...own,
            id: "a",
            authorizationUrl: "https://a.example",
            tokenUrl: "https://a.example",
            userinfoUrl: "https://a.example",
          } as never),
        /profile/,
      ],
    ] as const) {
      let thrown: unknown;
      try {
        make();
      } catch (error) {
        thrown = error;
      }
      expect(thrown, String(name)).toBeInstanceOf(TypeError);
      expect((thrown as Error).message).toMatch(name);
      expect((thrown as Error).message).not.toContain(own.clientSecret);
    }
    for (const issuer of ["http://127.0.0.1:4000", "http://localhost:4000/realms/a", "http://[::1]:4000"])
      expect(() => oidc({ ...own, id: "a", issuer })).not.toThrow();
  });
});
