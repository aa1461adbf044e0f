// A second factor at the real backend: Better Auth's twoFactor plugin, as it is.
import { authBackend, type FlowAnswer, runFlow } from "httponly/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { ADA, backend } from "./support/auth.ts";
import { PROOF } from "./support/send.ts";
import { totp } from "./support/totp.ts";
import { APP, FORM, Visitor } from "./support/visitor.ts";

const LOGIN = { email: ADA.email, password: ADA.password };

/** A visitor who calls the handler, too. */
class Browser extends Visitor {
  async post(path: string, body: unknown) {
    const headers = { ...PROOF, origin: APP, "content-type": "application/json" };
    const init = { method: "POST", body: JSON.stringify(body) };
    const response = await this.auth.handler(this.request(`/api/auth${path}`, headers, init));
    this.keep(response.headers.getSetCookie());
    return { status: response.status, body: await response.json() };
  }
}

/** A user with an authenticator app, and an app in front of the backend. */
async function setup() {
  const server = await backend({
    origins: [APP],
    secondFactor: true,
    configure: (options: object) => ({ ...options, rateLimit: { enabled: false } }),
  } as never);
  const auth = authBackend({ url: server.url, cookie: "codex-session", origin: APP });
  onTestFinished(() => auth.purge());
  const first = new Browser(auth);
  await first.run("signin", LOGIN);
  const { body } = await first.post("/two-factor/enable", { password: ADA.password });
  const { totpURI, backupCodes } = body as { totpURI: string; backupCodes: string[] };
  // The first code shows that the app has the secret.
  expect((await first.post("/two-factor/verify-totp", { code: totp(totpURI) })).status).toBe(200);
  const mailed = () =>
    server.outbox.find(({ kind }) => (kind as string) === "code") as unknown as { code: string };
  return { auth, first, totpURI, backupCodes, mailed, browser: () => new Browser(auth) };
}

const location = (answer: FlowAnswer) => (answer.ok ? answer.location : answer.error);
const refusal = (answer: FlowAnswer) =>
  answer.ok ? null : { code: answer.error.code, reason: answer.error.reason, field: answer.error.field };

describe("a sign-in that needs a second factor", () => {
  test("leads to the page for the code with the methods, and signs nobody in before", async () => {
    const { browser } = await setup();
    const ada = browser();
    const answer = await ada.run("signin", LOGIN, "/login?redirect=/library");
    expect(location(answer)).toBe("/two-factor?methods=totp%2Cotp&redirect=/library");
    expect(answer.ok && answer.user).toBeFalsy();
    expect(await ada.who()).toBeNull();
  });

  test("a page of another name is told so, with its own query", async () => {
    const { auth } = await setup();
    const form = new FormData();
    for (const [name, value] of Object.entries(LOGIN)) form.append(name, value);
    const request = new Request(`${APP}/login`, { method: "POST", headers: FORM });
    const pages = { twoFactor: "/login?step=2" };
    const answer = await runFlow(auth, "signin", { request, fields: form, pages });
    expect(location(answer)).toBe("/login?step=2&methods=totp%2Cotp");
  });

  test("is done by the code of the app, and leads on; a wrong code says so, and the right one still works", async () => {
    const { browser, totpURI } = await setup();
    const ada = browser();
    const page = String(location(await ada.run("signin", LOGIN, "/login?redirect=/library")));
    const wrong = totp(totpURI, Date.now() + 3_600_000);
    expect(refusal(await ada.run("verifyTotp", { code: wrong }, page))).toEqual({
      code: "signin-failed",
      reason: "INVALID_CODE",
      field: "code",
    });
    expect(await ada.who()).toBeNull();
    expect(refusal(await ada.run("verifyTotp", { code: " " }, page))).toMatchObject({ field: "code" });
    expect(location(await ada.run("verifyTotp", { code: ` ${totp(totpURI)} ` }, page))).toBe("/library");
    expect(await ada.who()).toBe(ADA.email);
  });

  test("is done by the code of a mail, which works for its own sign-in alone", async () => {
    const { browser, mailed } = await setup();
    const ada = browser();
    const page = String(location(await ada.run("signin", LOGIN)));
    const sent = await ada.run("sendOtp", {}, page);
    expect(sent).toMatchObject({ ok: true, notice: "code-sent", location: null });
    const { code } = mailed();
    const thief = browser();
    expect(refusal(await thief.run("verifyOtp", { code }, page))).toMatchObject({
      code: "signin-failed",
      reason: "INVALID_TWO_FACTOR_COOKIE",
    });
    expect(location(await ada.run("verifyOtp", { code }, page))).toBe("/");
    expect(await ada.who()).toBe(ADA.email);
  });

  test("too many wrong codes end the attempt, typed, and the right one does not help any more", async () => {
    const { browser, mailed } = await setup();
    const ada = browser();
    const page = String(location(await ada.run("signin", LOGIN)));
    await ada.run("sendOtp", {}, page);
    const { code } = mailed();
    const wrong = code === "000000" ? "000001" : "000000";
    const reasons: (string | undefined)[] = [];
    for (let attempt = 0; attempt < 7; attempt++)
      reasons.push(refusal(await ada.run("verifyOtp", { code: wrong }, page))?.reason);
    expect(reasons[0]).toBe("INVALID_CODE");
    expect(reasons.at(-1)).not.toBe("INVALID_CODE");
    expect(refusal(await ada.run("verifyOtp", { code }, page))?.reason).toBe(reasons.at(-1));
    expect(await ada.who()).toBeNull();
  });

  test("a backup code works once", async () => {
    const { browser, backupCodes } = await setup();
    const [code] = backupCodes as [string];
    const ada = browser();
    await ada.run("signin", LOGIN);
    expect(location(await ada.run("verifyBackupCode", { code }, "/two-factor"))).toBe("/");
    expect(await ada.who()).toBe(ADA.email);
    const again = browser();
    await again.run("signin", LOGIN);
    expect(refusal(await again.run("verifyBackupCode", { code }, "/two-factor"))).toEqual({
      code: "signin-failed",
      reason: "INVALID_BACKUP_CODE",
      field: "code",
    });
    expect(await again.who()).toBeNull();
  });

  test("a browser that is trusted is not asked again, and another one is", async () => {
    const { browser, totpURI } = await setup();
    const ada = browser();
    const page = String(location(await ada.run("signin", LOGIN)));
    await ada.run("verifyTotp", { code: totp(totpURI), trustDevice: "on" }, page);
    await ada.run("signout");
    expect(await ada.who()).toBeNull();
    expect(location(await ada.run("signin", LOGIN))).toBe("/");
    expect(await ada.who()).toBe(ADA.email);
    expect(location(await browser().run("signin", LOGIN))).toContain("/two-factor?methods=");
  });

  test("what was entered is not shown again, and no token reaches the page", async () => {
    const { browser, totpURI } = await setup();
    const ada = browser();
    const page = String(location(await ada.run("signin", LOGIN)));
    const wrong = await ada.run("verifyTotp", { code: "123", redirect: "/a" }, page);
    expect(wrong.ok ? null : wrong.values).toEqual({ redirect: "/a" });
    const right = await ada.post("/two-factor/verify-totp", { code: totp(totpURI) });
    expect(right.body).not.toHaveProperty("token");
    expect(right.body).toMatchObject({ user: { email: ADA.email } });
  });
});
