// OAuth callbacks by response_mode=form_post: what others make of them, and the real thing.
import { type AuthBackendOptions, authBackend } from "httponly/server";
import { describe, expect, onTestFinished, test } from "vitest";
import { CLIENT, createProvider, PEOPLE } from "../../examples/auth-backend/provider.js";
import { appFor, Browser, backend } from "./support/auth.ts";
import { codeOf, PROOF, send } from "./support/send.ts";
import { app, upstream } from "./support/serve.ts";

const CALLBACK = "/api/auth/callback/example-id";
const FORM = { "content-type": "application/x-www-form-urlencoded" };
/** What a browser says of a form that another site's page sends. */
const FOREIGN = {
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  origin: "https://id.example",
};
const SID = "codex-session=tok.sig";

async function setup(options: Partial<AuthBackendOptions> = {}) {
  const { origin: url, log } = await upstream((_, response) =>
    response.writeHead(200, { "set-cookie": "codex-session=evil; Path=/" }).end("{}"),
  );
  const auth = authBackend({ url, cookie: "codex-session", ...options });
  onTestFinished(() => auth.purge());
  const origin = await app(auth.handler);
  const post = (path: string, body: string | undefined, headers: Record<string, string> = {}) =>
    send(origin, path, {
      method: "POST",
      headers: { ...FOREIGN, ...FORM, cookie: SID, ...headers },
      ...(body !== undefined && { body }),
    });
  return { origin, auth, log, post };
}

describe("a form that another site sends to a callback", () => {
  test("leads to a GET of the same path; it reaches no backend, spends and sets no cookie", async () => {
    const { post, log } = await setup();
    const user = '{"name":{"firstName":"Éva"},"email":"eva@example.com"}';
    const body = new URLSearchParams({ state: "s", code: "c&d", id_token: "SECRET", user }).toString();
    for (const path of [
      CALLBACK,
      `${CALLBACK}?code=other&next=//evil.example`,
      "/api/auth/oauth2/callback/x",
    ]) {
      const answer = await post(path, body);
      const { pathname, searchParams } = new URL(answer.headers.location ?? "", "http://app");
      expect([answer.status, answer.body, answer.headers["set-cookie"]]).toEqual([303, "", undefined]);
      expect(answer.headers.location).toMatch(/^\/api\//);
      expect(pathname).toBe(path.split("?")[0]);
      expect([...searchParams]).toEqual([
        ["code", "c&d"],
        ["state", "s"],
        ["user", user],
      ]);
      expect(answer.headers).toMatchObject({
        "cache-control": "private, no-store",
        "referrer-policy": "no-referrer",
      });
    }
    expect(log).toEqual([]);
  });

  test.each([
    "/api/auth/sign-out",
    "/api/auth/callback",
    "/api/auth/callback/",
    "/api/auth/callback/x/",
    "/api/auth/callback/x/y",
    "/api/auth/callback//x",
    "/api/auth/callback/../sign-out",
    "/api/auth/callback/%2e%2e/sign-out",
    "/api/auth/callback/..%2fsign-out",
    "/api/auth/callback/..%5csign-out",
    "/api/auth/callback/..;/sign-out",
    "/api/auth/callback/%2e%2e",
    "/api/auth/callback/x%00",
    "/api/auth/callback/x%0d%0aset-cookie:a=b",
    "/api/auth/callback/%2f%2fevil.example",
    "/api/auth/callback/@evil.example",
    "/api/auth/%63allback/x",
    "/api/auth/Callback/x",
    "/api/auth/callback%2fx",
    "/api/auth/link/callback/x",
    "/api/auth/oauth2/callback",
    "/api/auth/oauth2/../callback/../sign-out",
    "/callback/x",
  ])("%s is none, and nothing comes of it", async (path) => {
    const { post, log } = await setup();
    const answer = await post(path, "code=c&state=s");
    expect([403, 404]).toContain(answer.status);
    expect(["cross-origin", "unknown-target"]).toContain(codeOf(answer));
    expect([answer.headers.location, answer.headers["set-cookie"]]).toEqual([undefined, undefined]);
    expect(log).toEqual([]);
  });

  test.each([
    ["JSON", '{"code":"c"}', { "content-type": "application/json" }, 403, "cross-origin"],
    ["text", "code=c", { "content-type": "text/plain" }, 403, "cross-origin"],
    [
      "parts",
      '--x\r\nContent-Disposition: form-data; name="code"\r\n\r\nc\r\n--x--',
      { "content-type": "multipart/form-data; boundary=x" },
      403,
      "cross-origin",
    ],
    [
      "two types",
      "code=c",
      { "content-type": "text/plain, application/x-www-form-urlencoded" },
      403,
      "cross-origin",
    ],
    ["a code twice", "code=c&code=d", {}, 400, "field-invalid"],
    ["a state twice, once encoded", "code=c&state=s&st%61te=t", {}, 400, "field-invalid"],
    ["neither code nor error", "state=s&next=//evil.example", {}, 400, "field-invalid"],
    ["nothing", undefined, {}, 400, "field-invalid"],
    ["no UTF-8", "code=%ff", {}, 400, "body-invalid"],
    ["too much", `code=c&user=${"x".repeat(64 * 1024)}`, {}, 413, "body-too-large"],
    ["a form in a frame", "code=c", { "sec-fetch-dest": "iframe" }, 403, "cross-origin"],
    [
      "a form by fetch",
      "code=c",
      { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "empty" },
      403,
      "cross-origin",
    ],
  ])("that is %s leads nowhere", async (_, body, headers, status, code) => {
    const { post, log } = await setup();
    const answer = await post(CALLBACK, body, headers as Record<string, string>);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    expect([answer.headers.location, answer.headers["set-cookie"]]).toEqual([undefined, undefined]);
    expect(log).toEqual([]);
  });

  test("the app's own limit counts where it is smaller; other methods are no forms", async () => {
    const { post, origin, log } = await setup({ bodyLimit: 10 });
    expect((await post(CALLBACK, "code=c&state=s")).status).toBe(413);
    expect((await post(CALLBACK, "code=c")).status).toBe(303);
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const answer = await send(origin, CALLBACK, {
        method,
        headers: { ...FOREIGN, ...FORM, "content-length": "6" },
        body: "code=c",
      });
      expect([method, answer.status]).toEqual([method, 403]);
    }
    expect(log).toEqual([]);
  });

  test("whatever host the request line names, it leads to a path", async () => {
    const { post } = await setup();
    for (const path of ["//evil.example/api/auth/callback/x", "http://evil.example/api/auth/callback/x"]) {
      const { headers } = await post(path, "code=c");
      expect([path, headers.location]).toEqual([path, "/api/auth/callback/x?code=c"]);
    }
  });

  test("nothing in a field ends the query or the header", async () => {
    const { post } = await setup();
    const code = 'a&state=b#c\r\nset-cookie: x=y\0"<é\u{1f36a}';
    const answer = await post(CALLBACK, new URLSearchParams({ code }).toString());
    expect(answer.headers.location).toMatch(/^\/api\/auth\/callback\/example-id\?code=[\w%./~-]+$/);
    expect(new URL(answer.headers.location ?? "", "http://app").searchParams.get("code")).toBe(code);
  });

  test("it changes no session that is known here", async () => {
    const { origin: url, log } = await upstream((_, response) =>
      response.end('{"session":{"id":"s","userId":"u"},"user":{"id":"u"}}'),
    );
    const auth = authBackend({ url, cookie: "codex-session" });
    onTestFinished(() => auth.purge());
    const ask = () => auth.getSession(new Request("http://app/", { headers: { cookie: SID } }));
    await ask();
    const headers = { ...FOREIGN, ...FORM, cookie: SID };
    const init = { method: "POST", headers, body: "code=c&state=s" };
    expect((await auth.handler(new Request(`http://app${CALLBACK}`, init))).status).toBe(303);
    expect((await ask()).status).toBe("authenticated");
    expect(log).toHaveLength(1);
  });

  test("the own origin's is for the backend, as any other of its requests", async () => {
    const { origin, log } = await setup();
    for (const headers of [{ ...PROOF }, { origin }]) {
      await send(origin, CALLBACK, { method: "POST", headers: { ...headers, ...FORM }, body: "code=c" });
    }
    expect(log.map(({ method, url, body }) => [method, url, body])).toEqual([
      ["POST", CALLBACK, "code=c"],
      ["POST", CALLBACK, "code=c"],
    ]);
  });
});

describe("a provider that answers by form", () => {
  const [LINUS] = PEOPLE as [(typeof PEOPLE)[number]];

  /** Better Auth that asks its provider for a form, an app in front of it, and the provider. */
  async function world() {
    let issuer = "";
    const { origin, auth } = await appFor(async (own) => {
      const provider = await createProvider({ redirectUris: [own + CALLBACK] });
      onTestFinished(() => provider.close());
      issuer = provider.url;
      return backend({
        origins: [own],
        provider: { issuer, ...CLIENT, responseMode: "form_post" },
      });
    });
    return { origin, auth, issuer };
  }

  /** A browser that has begun to sign in, and where its visitor is sent. */
  async function begin(origin: string) {
    const browser = new Browser(origin);
    const body = { provider: "example-id", callbackURL: "/library", errorCallbackURL: "/login" };
    const answer = await browser.post("/api/auth/sign-in/social", body);
    return { browser, url: (JSON.parse(answer.body) as { url: string }).url };
  }

  /** Signs in at the provider; the form that its page sends by itself. */
  async function atProvider(url: string) {
    const { origin } = new URL(url);
    const jar = new Map<string, string>();
    const visit = async (path: string, body?: string) => {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      const headers = { ...(cookie && { cookie }), ...(body !== undefined && FORM) };
      const method = body === undefined ? "GET" : "POST";
      const answer = await send(origin, path, { method, headers, ...(body !== undefined && { body }) });
      for (const line of answer.headers["set-cookie"] ?? []) {
        const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
        jar.set(name, value);
      }
      return answer;
    };
    const path = (location = "") => {
      const { pathname, search } = new URL(location, origin);
      return pathname + search;
    };
    const asked = await visit(path(url));
    const page = path(asked.headers.location);
    const { email, password } = LINUS;
    const signedIn = await visit(page, new URLSearchParams({ email, password }).toString());
    const { body } = await visit(path(signedIn.headers.location));
    const [, action = ""] = /<form[^>]*action="([^"]*)"/.exec(body) ?? [];
    const fields = [...body.matchAll(/<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"/g)];
    return { action, fields: Object.fromEntries(fields.map(([, name, value]) => [name, value])) };
  }

  /** The page's form as a browser sends it: without its Lax cookies. */
  const sendForm = (origin: string, fields: Record<string, string>) =>
    send(origin, CALLBACK, {
      method: "POST",
      headers: { ...FOREIGN, ...FORM },
      body: new URLSearchParams(fields).toString(),
    });
  const { origin: _, ...ARRIVAL } = FOREIGN;

  test("signs in, in the browser that began; the code and the state work once", async () => {
    const { origin } = await world();
    const { browser, url } = await begin(origin);
    expect(new URL(url).searchParams.get("response_mode")).toBe("form_post");
    const { action, fields } = await atProvider(url);
    expect(action).toBe(origin + CALLBACK);
    expect(Object.keys(fields).sort()).toEqual(["code", "iss", "state"]);

    const led = await sendForm(origin, fields);
    expect([led.status, led.headers["set-cookie"]]).toEqual([303, undefined]);
    const callback = led.headers.location ?? "";
    const arrived = await browser.get(callback, ARRIVAL);
    expect([arrived.status, arrived.headers.location]).toEqual([302, "/library"]);
    const me = await browser.get("/me");
    expect([me.status, JSON.parse(me.body).user?.email]).toEqual([200, LINUS.email]);

    const again = await browser.get(callback, ARRIVAL);
    expect(again.headers.location).toMatch(/error=/);
  });

  test("signs in no browser that did not begin, whoever sends it the form: no login CSRF", async () => {
    const { origin } = await world();
    const attacker = await begin(origin);
    const { fields } = await atProvider(attacker.url);
    const { headers } = await sendForm(origin, fields);
    const victims = [new Browser(origin), (await begin(origin)).browser];
    for (const victim of victims) {
      const arrived = await victim.get(headers.location ?? "", ARRIVAL);
      expect(arrived.headers.location).toMatch(/error=/);
      expect((await victim.get("/me")).status).toBe(401);
      expect(victim.cookie).not.toContain("codex-session=");
    }
  });

  test("a visitor who cancels comes back with the error", async () => {
    const { origin } = await world();
    const { browser, url } = await begin(origin);
    const state = new URL(url).searchParams.get("state") ?? "";
    const led = await sendForm(origin, { error: "user_cancelled_authorize", state });
    const arrived = await browser.get(led.headers.location ?? "", ARRIVAL);
    expect(arrived.headers.location).toBe("/login?error=user_cancelled_authorize");
  });
});
