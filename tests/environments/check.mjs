// What every environment has to do, asked over HTTP.
import assert from "node:assert/strict";
import { SESSION, TOKEN } from "./upstream.mjs";

const OWN = { "x-httponly": "1" };

async function checkCookies(origin) {
  const response = await fetch(`${origin}/cookies`, { headers: { cookie: "theme=dark%20blue; b=2" } });
  const { theme, token, line, parsed } = await response.json();
  assert.equal(theme, "dark blue");
  assert.equal(token, "{{ cookies.access_token }}");
  // A lifetime of more than 400 days is cut to that: a conversion that wraps around would make another of it.
  assert.match(line, /^a=%C3%BC%201; HttpOnly; Max-Age=34560000$/);
  assert.equal(parsed.value, "ü 1");
  assert.equal(parsed.maxAge, 34_560_000);
}

async function checkEndpoint(origin, path) {
  const body = JSON.stringify({ name: "access_token", value: TOKEN, ttl: 3600 });
  const post = (headers) =>
    fetch(origin + path, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  const set = await post(OWN);
  assert.equal(set.status, 200, await set.clone().text());
  assert.match(set.headers.getSetCookie()[0], /^access_token=secret-token; HttpOnly; SameSite=Lax; Secure;/);
  const foreign = await post({ origin: "https://evil.example" });
  assert.equal(foreign.status, 403);
  assert.deepEqual(foreign.headers.getSetCookie(), []);
}

async function checkProxy(origin, upstream) {
  const spend = {
    ...OWN,
    cookie: `access_token=${TOKEN}`,
    authorization: "Bearer {{ cookies.access_token }}",
  };
  const me = await fetch(`${origin}/api/proxy/api/me`, { headers: spend });
  assert.deepEqual([me.status, await me.json()], [200, { authorized: true }]);
  const text = "ü".repeat(40_000);
  const parts = [text.slice(0, 100), text.slice(100)];
  const body = new ReadableStream({
    async pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
  const echo = await fetch(`${origin}/api/proxy/api/echo`, {
    method: "POST",
    headers: { ...OWN, "content-type": "text/plain" },
    body,
    duplex: "half",
  });
  assert.equal(echo.status, 200);
  assert.equal(await echo.text(), text);
  const events = await fetch(`${origin}/api/proxy/api/events`, { headers: OWN });
  const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
  // The first event is here before the upstream sends its second.
  assert.match((await reader.read()).value, /first/);
  upstream.release();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
  assert.match(rest, /second/);
}

async function checkSession(origin) {
  const cookie = `better-auth.session_token=${SESSION}`;
  const me = async (headers) => (await fetch(`${origin}/me`, { headers })).json();
  assert.deepEqual(await me({ cookie }), { status: "authenticated", user: "ada@example.com" });
  assert.deepEqual(await me({}), { status: "anonymous", user: null });
  const away = await fetch(`${origin}/private`, { redirect: "manual" });
  assert.deepEqual([away.status, away.headers.get("location")], [303, "/login"]);
  assert.equal((await fetch(`${origin}/private`, { headers: { cookie }, redirect: "manual" })).status, 200);
}

/** A page of a framework, which reads a cookie and the session while it is rendered. */
export async function checkPage(origin) {
  const cookie = `theme=dark%20blue; better-auth.session_token=${SESSION}`;
  const response = await fetch(`${origin}/`, { headers: { cookie } });
  const text = (await response.text()).replace(/<!--.*?-->/g, "");
  assert.match(text, /theme dark blue of ada@example\.com/);
}

/** A target behind a service binding; one whose `fetch` was torn off its binding works, or says what it lacks. */
export async function checkBinding(origin) {
  const bound = await fetch(`${origin}/bound/x`, { headers: OWN });
  assert.deepEqual([bound.status, await bound.text()], [200, "from the binding: /x"]);
  const unbound = await (await fetch(`${origin}/unbound/x`, { headers: OWN })).text();
  assert.match(unbound, /^200 |^502 .*env\.API\.fetch\(input, init\)/);
}

/** Throws unless all of it works. Some frameworks do not route what begins with a dot. */
export async function check(origin, upstream, endpoint = "/.nordcraft/cookies/set-cookie") {
  await checkCookies(origin);
  await checkEndpoint(origin, endpoint);
  await checkProxy(origin, upstream);
  await checkSession(origin);
}
