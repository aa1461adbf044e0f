/** What a store adds: revocation on every instance, signing out everywhere, a provider's back channel. */
import { createAuth, credentials, oidc, type Store } from "httponly/server";
import { generateKeyPair, SignJWT } from "jose";
import { expect, it, vi } from "vitest";
import { liar, signInAt } from "./providers.ts";
import { Browser, ORIGIN, SECRET } from "./support.ts";

function memory(): Store & { keys: Map<string, string> } {
  const keys = new Map<string, string>();
  return {
    keys,
    get: async (key) => keys.get(key) ?? null,
    set: async (key, value) => void keys.set(key, value),
    add: async (key, value) => !keys.has(key) && keys.set(key, value) !== undefined,
    delete: async (...gone) => gone.forEach((key) => void keys.delete(key)),
  };
}

const app = (store?: Store, issuer = "https://id.example") =>
  createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      credentials<{ email: string; password: string }>({ getProfile: ({ email }) => ({ id: email }) }),
      oidc({ id: "corp", issuer, clientId: "client", clientSecret: "s" }),
    ],
    profileToUser: (profile) => ({ id: profile.provider === "corp" ? profile.sub : profile.id }),
    ...(store && { store }),
  });

it("R21 a replay after signing out everywhere is anonymous, on every instance", async () => {
  const store = memory();
  const [one, two] = [app(store), app(store)];
  const [phone, laptop, eve] = [new Browser(one), new Browser(two), new Browser(two)];
  await phone.signIn();
  await laptop.signIn();
  await eve.signIn("eve@example.com");
  const copied = laptop.cookie;
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1000 });
  try {
    expect((await phone.post("/revoke-sessions")).status).toBe(200);
    expect(phone.names).toEqual(["__Host-session.out"]);
    expect([await laptop.who(), (await laptop.peek("/", {}, copied)).status]).toEqual([
      "anonymous",
      "anonymous",
    ]);
    expect(await eve.who()).toBe("eve@example.com");
    await laptop.signIn();
    expect(await laptop.who()).toBe("ada@example.com");
  } finally {
    vi.useRealTimers();
  }
});

it("a sign-out and a purge hold on every instance", async () => {
  const store = memory();
  const [one, two] = [app(store), app(store)];
  const browser = new Browser(one);
  await browser.signIn();
  const copy = new Browser(two);
  copy.jar = new Map(browser.jar);
  await browser.post("/sign-out");
  expect(await copy.who()).toBe("anonymous");
  await browser.signIn();
  copy.jar = new Map(browser.jar);
  one.purge(browser.jar.get("__Host-session"));
  await vi.waitFor(async () => expect(await copy.who()).toBe("anonymous"));
  await browser.signIn();
  copy.jar = new Map(browser.jar);
  one.purge({ userId: "ada@example.com" } as never);
  await vi.waitFor(async () => expect(await copy.who()).toBe("anonymous"));
});

it("a store that is away neither signs out nor lets in", async () => {
  const store = memory();
  const auth = app(store);
  const browser = new Browser(auth);
  await browser.signIn();
  store.get = () => Promise.reject(new Error("redis://secret is away"));
  expect(await browser.peek("/", { "sec-fetch-dest": "document" })).toMatchObject({
    status: "unavailable",
    user: null,
    setCookies: [],
  });
  const got = await browser.get("/get-session");
  expect([got.status, got.text.includes("redis")]).toEqual([503, false]);
});

it("R22 a provider's back channel ends the sessions of its subject where there is a store, else it is 501", async () => {
  const { issuer, server } = await liar();
  const store = memory();
  const auth = app(store, issuer);
  const browser = new Browser(auth);
  await signInAt(browser, "corp");
  expect(await browser.who()).toBe("johndoe");
  const key = server.issuer.keys.toJSON(true)[0] as Record<string, string>;
  const { importJWK } = await import("jose");
  const now = Math.floor(Date.now() / 1000);
  const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const sign = async (claims: Record<string, unknown>, by?: CryptoKey) =>
    new SignJWT({
      iss: issuer,
      aud: "client",
      iat: now,
      exp: now + 60,
      jti: crypto.randomUUID(),
      sub: "johndoe",
      events,
      ...claims,
    })
      .setProtectedHeader({ alg: "RS256", kid: key.kid as string })
      .sign(by ?? (await importJWK(key, "RS256")));
  const send = (token: string, to = auth) =>
    to.handler(
      new Request(`${ORIGIN}/api/auth/backchannel-logout/corp`, {
        method: "POST",
        body: new URLSearchParams({ logout_token: token }),
      }),
    );
  const { privateKey } = await generateKeyPair("RS256");
  for (const token of [
    "x",
    await sign({}, privateKey),
    await sign({ aud: "another" }),
    await sign({ events: {} }),
    await sign({ nonce: "n" }),
    await sign({ iss: "https://evil.example" }),
    await sign({ iat: now - 3600 }),
  ])
    expect((await send(token)).status).toBe(401);
  expect(await browser.who()).toBe("johndoe");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1000 });
  try {
    const token = await sign({});
    expect((await send(token)).status).toBe(200);
    expect(await browser.who()).toBe("anonymous");
    expect((await send(token)).status).toBe(401);
  } finally {
    vi.useRealTimers();
  }
  expect((await send(await sign({}), app(undefined, issuer))).status).toBe(501);
});
