/** The real `oidc-provider`: query and form_post, `iss`, S256, cancelled consent. */
import { createAuth, oidc } from "httponly/server";
import { expect, it, onTestFinished } from "vitest";
import { CLIENT, createProvider, PEOPLE } from "../../../examples/auth-backend/provider.js";
import { begin } from "./providers.ts";
import { Browser, failureOf, ORIGIN, SECRET } from "./support.ts";

const [ADA] = PEOPLE as [{ email: string; password: string; name: string }];

async function start(authorization: Record<string, string> = {}) {
  const { url, close } = await createProvider({ redirectUris: [`${ORIGIN}/api/auth/callback/example-id`] });
  onTestFinished(close);
  const auth = createAuth({
    secret: SECRET,
    origin: ORIGIN,
    providers: [oidc({ id: "example-id", issuer: url, ...CLIENT, authorization })],
    profileToUser: ({ sub, email, name, email_verified }) => ({ id: sub, email, name, email_verified }),
  });
  return { auth, issuer: url, browser: new Browser(auth) };
}

/** Goes through the provider's pages, with its cookies, and gives what it leads back with: a URL, or the page of a form. */
async function through(url: string, fields: Record<string, string>): Promise<string> {
  const jar = new Map<string, string>();
  let [next, init]: [string, RequestInit] = [url, {}];
  for (;;) {
    const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
    const answer = await fetch(next, { ...init, redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const body = await answer.text();
    const location = answer.headers.get("location");
    if (location !== null) {
      next = new URL(location, next).href;
      init = {};
      if (next.startsWith(ORIGIN)) return next;
    } else if (body.includes(`action="${ORIGIN}`)) return body;
    else if (answer.ok) init = { method: "POST", body: new URLSearchParams(fields) };
    else throw new Error(`the provider answers ${answer.status}: ${body.slice(0, 300)}`);
  }
}

it("signs in by query, and names its issuer", async () => {
  const { browser, issuer } = await start();
  const answer = await through(await begin(browser, "example-id"), ADA);
  expect(new URL(answer).searchParams.get("iss")).toBe(issuer);
  expect((await browser.visit(answer)).location).toBe("/library");
  expect((await browser.peek()).user).toMatchObject({
    email: ADA.email,
    name: ADA.name,
    email_verified: true,
  });
});

it("C26 without the issuer's name its answer is not taken", async () => {
  const { browser } = await start();
  const answer = new URL(await through(await begin(browser, "example-id"), ADA));
  answer.searchParams.delete("iss");
  expect(failureOf(await browser.visit(answer.href)).reason).toBe("ISSUER_MISMATCH");
});

it("R8 signs in by form_post", async () => {
  const { browser } = await start({ response_mode: "form_post" });
  const page = await through(await begin(browser, "example-id"), ADA);
  const fields = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]);
  const headers = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  const body = new URLSearchParams(fields as [string, string][]);
  const led = await browser.send("/api/auth/callback/example-id", { method: "POST", headers, body }, "");
  expect((await browser.visit(led.location ?? "")).location).toBe("/library");
  expect((await browser.peek()).status).toBe("authenticated");
});

it("C25 its answer is used once, here and there", async () => {
  const { browser, auth } = await start();
  const answer = await through(await begin(browser, "example-id"), ADA);
  const cookie = browser.cookie;
  await browser.visit(answer);
  expect(failureOf(await browser.visit(answer, cookie)).reason).toBe("CALLBACK_REPLAYED");
  void auth;
});

it("denied consent is access_denied", async () => {
  const { browser } = await start();
  const answer = await through(await begin(browser, "example-id"), { cancel: "1" });
  expect(failureOf(await browser.visit(answer))).toMatchObject({
    page: "/login",
    error: "signin-failed",
    reason: "access_denied",
  });
});
