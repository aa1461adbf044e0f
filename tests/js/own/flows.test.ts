/** The forms of an account over own sign-in: the same flows as over a backend. */
import { createAuth, credentials, magicLink, oidc, runFlow } from "httponly/server";
import { expect, it } from "vitest";
import { back, liar } from "./providers.ts";
import { Browser, ORIGIN, SECRET } from "./support.ts";

async function start() {
  const { issuer } = await liar();
  const outbox: string[] = [];
  const auth = createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      credentials<{ email: string; password: string }>({
        getProfile: ({ email, password }) => (password === "right" ? { id: email } : null),
      }),
      magicLink({ send: ({ url }) => void outbox.push(url) }),
      oidc({ id: "corp", issuer, clientId: "client", clientSecret: "s" }),
    ],
    profileToUser: (profile) => ({
      id:
        profile.provider === "corp"
          ? profile.sub
          : profile.provider === "magic-link"
            ? profile.email
            : profile.id,
      email: "ada@example.com",
      name: null,
      role: "reader",
      emailVerified: true,
      createdAt: "",
    }),
  });
  const browser = new Browser(auth);
  const flow = async (name: Parameters<typeof runFlow>[1], fields: Record<string, string> = {}) => {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.set(key, value);
    const headers = {
      "sec-fetch-site": "same-origin",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      origin: ORIGIN,
    };
    const request = browser.request("/login?redirect=/library", { method: "POST", headers });
    const answer = await runFlow(auth, name, { request, fields: form });
    browser.keep(answer.setCookies);
    return answer;
  };
  return { browser, flow, outbox };
}

it("signs in by a form, says what was wrong, and signs out", async () => {
  const { browser, flow } = await start();
  const wrong = await flow("signin", { email: "ada@example.com", password: "wrong" });
  expect(wrong).toMatchObject({
    ok: false,
    status: 401,
    error: {
      code: "signin-failed",
      reason: "INVALID_CREDENTIALS",
      message: "the e-mail address or the password is wrong",
    },
    values: { email: "ada@example.com" },
  });
  const right = await flow("signin", { email: "ada@example.com", password: "right", rememberMe: "on" });
  expect(right).toMatchObject({ ok: true, location: "/library", user: { id: "ada@example.com" } });
  expect(await browser.who()).toBe("ada@example.com");
  expect(await flow("signout")).toMatchObject({ ok: true, location: "/library" });
  expect(await browser.who()).toBe("anonymous");
});

it("leads to a provider and back", async () => {
  const { browser, flow } = await start();
  const answer = await flow("social", { provider: "corp" });
  if (!answer.ok || answer.location === null) throw new Error(JSON.stringify(answer));
  const got = await browser.visit(await back(answer.location));
  expect([got.status, got.location]).toEqual([303, `${ORIGIN}/library`]);
  expect(await browser.who()).toBe("johndoe");
  expect(await flow("social", { provider: "unknown" })).toMatchObject({
    ok: false,
    error: { reason: "PROVIDER_NOT_FOUND" },
  });
});

it("mails a link and uses it once", async () => {
  const { browser, flow, outbox } = await start();
  expect(await flow("sendMagicLink", { email: "ada@example.com" })).toMatchObject({
    ok: true,
    notice: "magic-link-sent",
  });
  const token = new URL(outbox[0] ?? "").searchParams.get("token") ?? "";
  expect(await flow("useMagicLink", { token })).toMatchObject({ ok: true, location: "/library" });
  expect(await browser.who()).toBe("ada@example.com");
  expect(await flow("useMagicLink", { token })).toMatchObject({
    ok: false,
    status: 401,
    error: {
      code: "signin-failed",
      reason: "INVALID_TOKEN",
      message: "the link is used up or too old: ask for a new one",
    },
  });
});

it("flows that it lacks are refused by name", async () => {
  const { flow } = await start();
  for (const [name, fields] of [
    ["signup", { name: "Ada", email: "a@b.example", password: "x" }],
    ["requestReset", { email: "a@b.example" }],
    ["revokeOtherSessions", {}],
  ] as const) {
    const answer = await flow(name, fields);
    expect([name, answer.ok, answer.ok ? null : answer.status]).toEqual([name, false, 404]);
  }
});
