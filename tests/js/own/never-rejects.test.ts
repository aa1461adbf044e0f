/** Whatever an app's function gives or throws, and however a body breaks off: the handler answers, typed, and signs nobody in. */
import { createAuth, credentials, type HttpOnlyError, magicLink, type Store } from "httponly/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Browser, ORIGIN, SECRET } from "./support.ts";

beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

type Options = Record<string, unknown>;

function app(
  more: Options = {},
  getProfile: (fields: { email: string }) => unknown = ({ email }) => ({ id: email }),
) {
  return createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      credentials<{ email: string; password: string }>({ getProfile: getProfile as never }),
      magicLink({ send: () => {} }),
    ],
    profileToUser: (profile) => ({ id: profile.provider === "magic-link" ? profile.email : profile.id }),
    ...(more as object),
  });
}

const hostile = () =>
  new Proxy(
    {},
    {
      get: () => {
        throw new Error("a secret of theirs");
      },
      getPrototypeOf: () => {
        throw new Error("a secret of theirs");
      },
    },
  );
const throws = (value: unknown) => () => {
  throw value;
};
const cyclic = () => {
  const user: Record<string, unknown> = { id: "1" };
  user.self = user;
  return user;
};
const away: Store = {
  get: throws(new Error("redis://secret")) as never,
  set: throws(null) as never,
  add: async () => {
    throw undefined;
  },
  delete: throws("text") as never,
};

describe("an app's functions", () => {
  it.each<[string, () => ReturnType<typeof app>]>([
    ["getProfile throws undefined", () => app({}, throws(undefined))],
    ["getProfile throws what cannot be looked at", () => app({}, throws(hostile()))],
    ["getProfile gives text", () => app({}, () => "ada")],
    ["getProfile gives what cannot be looked at", () => app({}, hostile)],
    ["profileToUser throws null", () => app({ profileToUser: throws(null) })],
    ["profileToUser gives a user that is no JSON", () => app({ profileToUser: cyclic })],
    ["profileToUser gives a big integer", () => app({ profileToUser: () => ({ id: "1", n: 1n }) })],
    ["profileToUser gives what cannot be looked at", () => app({ profileToUser: hostile })],
    ["userToSession gives nothing", () => app({ userToSession: () => null })],
    ["sessionToJwt gives nothing", () => app({ sessionToJwt: () => null })],
    ["sessionToJwt throws", () => app({ sessionToJwt: throws(7) })],
    ["signJwt gives no token", () => app({ signJwt: () => "no token", verifyJwt: () => null })],
    ["signJwt gives nothing", () => app({ signJwt: () => undefined, verifyJwt: () => null })],
    ["the store is away", () => app({ store: away })],
    ["the second factor throws", () => app({ secondFactor: { required: throws("x"), verify: () => true } })],
    [
      "the second factor gives a number",
      () => app({ secondFactor: { required: () => 7, verify: () => true } }),
    ],
  ])("%s", async (_, make) => {
    const browser = new Browser(make());
    const got = await browser.signIn();
    expect([got.status >= 400, typeof got.body?.error?.code, got.text.includes("secret")]).toEqual([
      true,
      "string",
      false,
    ]);
    expect(browser.names).toEqual([]);
    expect((await browser.peek()).status).toBe("anonymous");
  });

  it("an onError that throws, rejects or gives nonsense changes nothing", async () => {
    for (const onError of [
      throws(hostile()),
      () => Promise.reject(null),
      () => 7,
      () => ({ redirect: 7, reason: {} }),
      hostile,
      () => "x",
    ]) {
      const browser = new Browser(app({ onError }, () => null));
      const got = await browser.signIn();
      expect([got.status, got.body?.error?.reason]).toEqual([401, "INVALID_CREDENTIALS"]);
    }
  });

  it("reading a session never throws", async () => {
    const browser = new Browser(app());
    await browser.signIn();
    for (const more of [
      { jwtToSession: throws(undefined) },
      { sessionToUser: throws(hostile()) },
      { jwtToSession: hostile },
      { store: away },
    ] as Options[]) {
      const other = new Browser(app(more));
      other.jar = browser.jar;
      const { status, user } = await other.peek();
      expect(["unavailable", "anonymous", "authenticated"]).toContain(status);
      if (status !== "authenticated") expect(user).toBeNull();
      expect((await other.get("/get-session")).status).toBeLessThan(504);
    }
  });
});

describe("a body", () => {
  const send = (auth: ReturnType<typeof app>, error: unknown, signal?: AbortSignal) => {
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('{"email":'));
        controller.error(error);
      },
    });
    const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
    const init = { method: "POST", headers, body, duplex: "half", ...(signal && { signal }) };
    return auth.handler(new Request(`${ORIGIN}/api/auth/sign-in/email`, init as RequestInit));
  };

  it("that the server around refuses is 413, and one that breaks off 499", async () => {
    const heard: HttpOnlyError[] = [];
    const auth = app({ onError: ({ error }: { error: HttpOnlyError }) => void heard.push(error) });
    expect((await send(auth, Object.assign(new Error("too large"), { status: 413 }))).status).toBe(413);
    expect((await send(auth, new Error("gone"))).status).toBe(499);
    expect(heard.length).toBe(2);
  });

  it("of any path and method gets an answer", async () => {
    const auth = app();
    for (const path of [
      "/api/auth/callback/corp?state=%&code=%E0",
      "/api/auth/magic-link/verify?token=%",
      "/api/auth/%",
      "/",
      "/api/auth/get-session?%",
    ])
      for (const method of ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"]) {
        const headers = {
          "sec-fetch-site": "same-origin",
          "content-type": "application/json",
          cookie: "a=%; =; \u00ff; __Host-session=%",
        };
        const response = await auth.handler(
          new Request(ORIGIN + path, { method, headers, ...(method === "POST" && { body: "\u0000" }) }),
        );
        expect([path, method, response.status < 500]).toEqual([path, method, true]);
      }
  });
});
