/**
 * What the guides in docs/ promise: how each app is started, and what it then does.
 *
 * @module
 */
import { join } from "node:path";

const ADA = { email: "ada@example.com", password: "analytical" };

async function firstEvent(response) {
  const reader = response.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}

async function useSvelteKit({ root, app, port, origin, start, freePort, expect, ask }) {
  const api = `http://127.0.0.1:${await freePort()}`;
  await start([join(root, "examples/api/main.js")], root, { PORT: new URL(api).port }, api);
  const env = { PORT: String(port), HOST: "127.0.0.1", ORIGIN: origin, API_URL: api };
  await start(["build"], app, env, `http://127.0.0.1:${port}`);
  const proof = { "x-httponly": "1", origin };

  expect("a visitor sees the form", (await (await ask("/")).text()).includes("Sign in"));
  expect("the proxy answers 401", (await ask("/api/proxy/api/me", { headers: proof })).status === 401);
  const slash = await ask("/api/proxy/api/me/", { headers: proof });
  expect("a slash at the end of a path is the API's", slash.status === 401, [slash.status]);
  const body = new URLSearchParams(ADA);
  const signedIn = await ask("/login", { method: "POST", body, headers: { origin } });
  const [line = ""] = signedIn.headers.getSetCookie();
  expect(
    "signing in sets an HttpOnly cookie",
    signedIn.status === 303 && /^access_token=.*; HttpOnly/.test(line),
  );
  const cookie = line.split(";")[0];
  const page = await (await ask("/", { headers: { cookie } })).text();
  expect(
    "the page is rendered with the API's answer, without the token",
    page.includes("Ada Lovelace") && !page.includes(cookie.slice(13)),
  );
  const first = await firstEvent(
    await ask("/api/proxy/api/events", { headers: { ...proof, cookie, "accept-encoding": "gzip" } }),
  );
  expect("the first event arrives alone", first.includes("event: tick") && !first.includes('"number":2'));
  const out = await ask("/.nordcraft/cookies/set-cookie", {
    method: "POST",
    headers: { ...proof, "content-type": "application/json" },
    body: JSON.stringify({ name: "access_token", value: "", ttl: 0 }),
  });
  expect("signing out deletes it", out.headers.getSetCookie()[0]?.includes("Max-Age=0"));
}

/** What a form's server action needs to be sent without JavaScript: its hidden fields. */
function actionFields(html) {
  const body = new FormData();
  for (const [, attributes] of html.matchAll(/<input([^>]*)>/g)) {
    const of = (key) =>
      new RegExp(` ?${key}="([^"]*)"`)
        .exec(attributes)?.[1]
        ?.replaceAll("&quot;", '"')
        .replaceAll("&amp;", "&");
    if (of("name")?.startsWith("$ACTION")) body.set(of("name"), of("value") ?? "");
  }
  return body;
}

async function useNext({ app, port, origin, start, expect, ask }) {
  // The guide's own API has a port of its own.
  await start(["api.mjs"], app, {}, "http://127.0.0.1:8788");
  const next = join(app, "node_modules/next/dist/bin/next");
  await start([next, "start", "-p", String(port)], app, { ORIGIN: origin }, `http://127.0.0.1:${port}`);
  const send = (headers, path = "/api/chatkit") =>
    ask(path, {
      method: "POST",
      headers: {
        origin,
        "sec-fetch-site": "same-origin",
        "sec-fetch-mode": "cors",
        "sec-fetch-dest": "empty",
        "content-type": "application/json",
        "accept-encoding": "gzip",
        ...headers,
      },
      body: JSON.stringify({ message: "hello" }),
    });

  const html = await (await ask("/")).text();
  expect("a visitor sees the form", html.includes("Sign in"));
  expect("the proxy answers 401", (await send({})).status === 401);
  const slash = await send({}, "/api/chatkit/");
  expect("a slash at the end of a path is the API's", slash.status === 401, [slash.status]);
  const body = actionFields(html);
  for (const [name, value] of Object.entries(ADA)) body.set(name, value);
  const signedIn = await ask("/", { method: "POST", body, headers: { origin } });
  const line = signedIn.headers.getSetCookie().find((line) => line.startsWith("id_token=")) ?? "";
  expect("signing in sets an HttpOnly cookie", signedIn.status === 303 && /; HttpOnly/i.test(line));
  const cookie = line.split(";")[0];
  const page = await (await ask("/", { headers: { cookie } })).text();
  expect(
    "the page is rendered with the user's name, without the token",
    page.includes("Ada Lovelace") && !page.includes(cookie.slice("id_token=".length)),
  );
  const first = await firstEvent(await send({ cookie }));
  expect("the first event arrives alone", first.startsWith("data: ") && !first.includes("hello"));
}

/** Better Auth with its demo users, which serves the app at `origin`. */
async function startBackend({ root, start, freePort, origin }) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { PORT: new URL(url).port, PROVIDER_PORT: String(await freePort()), APP_ORIGINS: origin };
  await start([join(root, "examples/auth-backend/main.js")], root, env, `${url}/outbox`);
  return url;
}

const GUEST = { email: ADA.email, password: "analytical-engine" };

async function useSvelteKitAuth(tools) {
  const { app, port, origin, start, expect, ask } = tools;
  const AUTH_URL = await startBackend(tools);
  const env = { PORT: String(port), HOST: "127.0.0.1", ORIGIN: origin, AUTH_URL };
  await start(["build"], app, env, `http://127.0.0.1:${port}`);
  const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
  const post = (path, fields, headers = {}) =>
    ask(path, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { ...visit, origin, ...headers },
    });

  const led = await ask("/library", { headers: visit });
  expect(
    "a visitor is led to the form",
    led.status === 303 && led.headers.get("location") === "/login?redirect=/library",
    [led.status, led.headers.get("location")],
  );
  const wrong = await post("/login?/signin", { ...GUEST, password: "wrong" });
  const again = await wrong.text();
  expect(
    "a wrong password is said, and the address stays",
    wrong.status === 401 && again.includes('role="alert"') && again.includes(GUEST.email),
  );
  const away = await post("/login?/signin&redirect=//evil.example", GUEST);
  expect("?redirect= does not leave the app", away.headers.get("location") === "/library");
  const signedIn = await post("/login?/signin&redirect=/library%3Fa", GUEST);
  const line = signedIn.headers.getSetCookie().find((line) => line.startsWith("codex-session=")) ?? "";
  expect(
    "signing in sets an HttpOnly cookie and leads back",
    signedIn.headers.get("location") === "/library?a" && /; HttpOnly/i.test(line),
  );
  const cookie = line.split(";")[0];
  const page = await (await ask("/library", { headers: { ...visit, cookie } })).text();
  const token = cookie.slice(cookie.indexOf("=") + 1).split(".")[0];
  expect("the page is there, without the token", page.includes("Ada Lovelace") && !page.includes(token));
  const out = await post("/library?/signout", {}, { cookie });
  expect(
    "signing out clears it",
    out.headers.getSetCookie().some((line) => /^codex-session=;/.test(line)),
  );
  const after = await ask("/library", { headers: { ...visit, cookie } });
  expect("and the session is over", after.status === 303);
}

async function useNextAuth(tools) {
  const { app, port, origin, start, expect, ask } = tools;
  const AUTH_URL = await startBackend(tools);
  const next = join(app, "node_modules/next/dist/bin/next");
  const env = { ORIGIN: origin, AUTH_URL };
  await start([next, "start", "-p", String(port)], app, env, `http://127.0.0.1:${port}`);
  const visit = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
  const form = async (path, headers = {}) => (await ask(path, { headers: { ...visit, ...headers } })).text();
  const post = (path, body, headers = {}) =>
    ask(path, { method: "POST", body, headers: { ...visit, origin, ...headers } });
  const send = async (path, fields) => {
    const body = actionFields(await form(path));
    const all = { ...fields, redirect: new URL(path, origin).searchParams.get("redirect") ?? "" };
    for (const [name, value] of Object.entries(all)) body.set(name, value);
    return post(path, body);
  };

  const led = await ask("/library", { headers: visit });
  expect(
    "a visitor is led to the form",
    led.status === 303 && led.headers.get("location") === "/login?redirect=/library",
    [led.status, led.headers.get("location")],
  );
  const again = await (await send("/login", { ...GUEST, password: "wrong" })).text();
  expect(
    "a wrong password is said, and the address stays",
    again.includes(`role="alert"`) && again.includes(GUEST.email),
  );
  const away = await send("/login?redirect=//evil.example", GUEST);
  expect("?redirect= does not leave the app", away.headers.get("location") === "/library", [
    away.status,
    away.headers.get("location"),
  ]);
  const signedIn = await send("/login?redirect=/library%3Fa", GUEST);
  const line = signedIn.headers.getSetCookie().find((line) => line.startsWith("codex-session=")) ?? "";
  expect(
    "signing in sets an HttpOnly cookie and leads back",
    signedIn.headers.get("location") === "/library?a" && /; HttpOnly/i.test(line),
    [signedIn.status, signedIn.headers.get("location"), line],
  );
  const cookie = line.split(";")[0];
  const page = await form("/library", { cookie });
  const token = cookie.slice(cookie.indexOf("=") + 1).split(".")[0];
  expect("the page is there, without the token", page.includes("Ada Lovelace") && !page.includes(token));
  const [first] = page.split("</form>");
  const out = await post("/library", actionFields(first), { cookie });
  expect(
    "signing out clears it",
    out.headers.getSetCookie().some((line) => /^codex-session=;/.test(line)),
    [out.status, ...out.headers.getSetCookie()],
  );
  const after = await ask("/library", { headers: { ...visit, cookie } });
  expect("and the session is over", after.status === 303);
}

export const GUIDES = {
  sveltekit: { page: "sveltekit.md", servers: ["api"], use: useSvelteKit },
  "auth-sveltekit": { page: "auth-sveltekit.md", servers: ["auth-backend"], use: useSvelteKitAuth },
  nextjs: { page: "nextjs.md", servers: [], use: useNext },
  "auth-nextjs": { page: "auth-nextjs.md", servers: ["auth-backend"], use: useNextAuth },
};
