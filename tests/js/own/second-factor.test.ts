/** A second factor by the app's callbacks. */
import { createAuth, credentials } from "httponly/server";
import { expect, it, vi } from "vitest";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

function app() {
  const sent: string[] = [];
  const backup = new Set(["backup-1"]);
  const auth = createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [
      credentials<{ email: string; password: string }>({ getProfile: ({ email }) => ({ id: email }) }),
    ],
    profileToUser: ({ id }) => ({ id, secure: id.startsWith("ada") }),
    secondFactor: {
      required: (user) => (user.secure ? ["totp", "otp", "backup-code"] : null),
      send: (user) => void sent.push(user.id),
      verify: ({ method, code }) =>
        method === "totp" ? code === "123456" : method === "otp" ? code === "654321" : backup.delete(code),
    },
  });
  return { auth, sent };
}

it("one who needs it waits, and is nobody until a code is right", async () => {
  const { auth, sent } = app();
  const browser = new Browser(auth);
  const first = await browser.signIn();
  expect(first.body).toEqual({
    user: null,
    twoFactorRedirect: true,
    twoFactorMethods: ["totp", "otp", "backup-code"],
  });
  expect(browser.names).toEqual(["__Host-session.2fa"]);
  expect(await browser.who()).toBe("anonymous");
  const wrong = await browser.post("/two-factor/verify-totp", { code: "000000" });
  expect([wrong.status, wrong.body?.error?.reason]).toEqual([401, "INVALID_CODE"]);
  expect((await browser.post("/two-factor/send-otp")).status).toBe(200);
  expect(sent).toEqual(["ada@example.com"]);
  // Each method takes its own codes.
  expect((await browser.post("/two-factor/verify-totp", { code: "654321" })).status).toBe(401);
  const right = await browser.post("/two-factor/verify-otp", { code: "654321" });
  expect([right.status, right.body?.user?.id]).toEqual([200, "ada@example.com"]);
  expect(browser.names).toEqual(["__Host-session"]);
  expect(await browser.who()).toBe("ada@example.com");
});

it("one who does not need it does not wait", async () => {
  const browser = new Browser(app().auth);
  await browser.signIn("eve@example.com");
  expect(await browser.who()).toBe("eve@example.com");
});

it("a form without JavaScript is led to the page for it, and on", async () => {
  const browser = new Browser(app().auth);
  const first = await browser.form("/sign-in/email", {
    email: "ada@example.com",
    password: "x",
    callbackURL: "/library",
  });
  expect(first.location).toBe("/two-factor?methods=totp%2Cotp%2Cbackup-code&redirect=%2Flibrary");
  const wrong = await browser.form("/two-factor/verify-totp", { code: "1", errorCallbackURL: "/two-factor" });
  expect(failureOf(wrong)).toMatchObject({ page: "/two-factor", reason: "INVALID_CODE" });
  const right = await browser.form("/two-factor/verify-totp", { code: "123456" });
  expect(right.location).toBe("/library");
});

it("a few wrong codes lock, also when they come at once", async () => {
  const { auth } = app();
  const browser = new Browser(auth);
  await browser.signIn();
  const tries = await Promise.all(
    [1, 2, 3, 4, 5, 6, 7].map((n) => browser.post("/two-factor/verify-totp", { code: String(n) })),
  );
  expect(tries.map(({ status }) => status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const late = await browser.post("/two-factor/verify-totp", { code: "123456" });
  expect([late.status, late.body?.error?.reason]).toEqual([429, "TOO_MANY_ATTEMPTS"]);
  await browser.signIn();
  expect((await browser.post("/two-factor/verify-totp", { code: "123456" })).status).toBe(200);
});

it("a backup code works once, and so does what waits", async () => {
  const { auth } = app();
  const browser = new Browser(auth);
  await browser.signIn();
  const waiting = new Map(browser.jar);
  expect((await browser.post("/two-factor/verify-backup-code", { code: "backup-1" })).status).toBe(200);
  const again = new Browser(auth);
  again.jar = waiting;
  const got = await again.post("/two-factor/verify-totp", { code: "123456" });
  expect([got.status, got.body?.error?.reason]).toEqual([401, "INVALID_TWO_FACTOR_COOKIE"]);
  await again.signIn();
  expect((await again.post("/two-factor/verify-backup-code", { code: "backup-1" })).status).toBe(401);
});

it("a browser that is trusted is not asked again, for this user and its time", async () => {
  const { auth } = app();
  const browser = new Browser(auth);
  await browser.signIn();
  await browser.post("/two-factor/verify-totp", { code: "123456", trustDevice: true });
  await browser.post("/sign-out");
  expect(browser.names.sort()).toEqual(["__Host-session.out", "__Host-session.trust"]);
  await browser.signIn();
  expect(await browser.who()).toBe("ada@example.com");
  await browser.post("/sign-out");
  await browser.signIn("ada2@example.com");
  expect(await browser.who()).toBe("anonymous");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * 86_400_000 });
  try {
    await browser.signIn();
    expect(await browser.who()).toBe("anonymous");
  } finally {
    vi.useRealTimers();
  }
});

it("nobody who did not begin can go on", async () => {
  const browser = new Browser(app().auth);
  for (const path of ["/two-factor/verify-totp", "/two-factor/send-otp"]) {
    const got = await browser.post(path, { code: "123456" });
    expect([got.status, got.body?.error?.reason]).toEqual([401, "INVALID_TWO_FACTOR_COOKIE"]);
  }
  await browser.signIn();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
  try {
    expect((await browser.post("/two-factor/verify-totp", { code: "123456" })).status).toBe(401);
  } finally {
    vi.useRealTimers();
  }
});
