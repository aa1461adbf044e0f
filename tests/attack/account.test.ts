// Accounts and guards in a built SvelteKit server, through real sockets, with the real authentication backend.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Backend, createBackend, createTables, USERS } from "../../examples/auth-backend/backend.js";
import { type Answer, send } from "../js/support/send.ts";
import { ACCOUNT } from "./apps.ts";

const [ADA, GRACE] = USERS as [(typeof USERS)[number], (typeof USERS)[number]];
const SECRET = "a-secret-of-at-least-32-characters";

let origin = "";
let backend: Backend;
let stop: () => Promise<void>;
const tables = createTables();

beforeAll(async () => {
  const port = await freePort();
  origin = `http://localhost:${port}`;
  backend = await createBackend({ origins: [origin], secret: SECRET, tables, attempts: 1000 });
  const child = spawn(process.execPath, ["build/index.js"], {
    cwd: ACCOUNT.folder,
    env: {
      ...process.env,
      NODE_ENV: "production",
      AUTH_URL: backend.url,
      ORIGIN: origin,
      HOST: "127.0.0.1",
      PORT: String(port),
    },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  stop = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  for (let tries = 0; tries < 100; tries++) {
    if (await send(origin, "/login").catch(() => undefined)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the app does not start");
});

afterAll(async () => {
  await stop();
  await backend.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

const NAVIGATION = {
  accept: "text/html,*/*;q=0.8",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
  "sec-fetch-site": "same-origin",
};
const FETCH = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin" };

/** A browser without JavaScript. */
class Visitor {
  readonly jar = new Map<string, string>();

  get(path: string, headers: Record<string, string> = NAVIGATION) {
    return this.#send(path, "GET", headers);
  }

  form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    const type = { "content-type": "application/x-www-form-urlencoded", origin };
    return this.#send(
      path,
      "POST",
      { ...NAVIGATION, ...type, ...headers },
      new URLSearchParams(fields).toString(),
    );
  }

  signin({ email, password }: typeof ADA, path = "/login?/signin") {
    return this.form(path, { email, password });
  }

  async #send(path: string, method: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await send(origin, path, {
      method,
      headers: { ...headers, ...(cookie && { cookie }) },
      ...(body !== undefined && { body }),
    });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      if (/max-age=0/i.test(line)) this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return answer;
  }
}

/** What an action left for its page, as the page shows it. */
function formOf({ body }: Answer) {
  const text = /<output>(.*?)<\/output>/s.exec(body)?.[1] ?? "null";
  return JSON.parse(
    text
      .replace(/<!--.*?-->/g, "")
      .replaceAll("&quot;", '"')
      .replaceAll("&lt;", "<")
      .replaceAll("&amp;", "&"),
  );
}
const at = ({ status, headers }: Answer) => [status, headers.location];

describe("the forms, without JavaScript", () => {
  test("sign in, with a redirect that stays on the site, and sign out", async () => {
    const ada = new Visitor();
    expect(at(await ada.signin(ADA, "/login?/signin&redirect=//evil.example"))).toEqual([303, "/"]);
    expect([...ada.jar.keys()]).toContain("codex-session");
    const library = await ada.get("/library");
    expect([library.status, library.headers["cache-control"]]).toEqual([200, "private, no-store"]);
    expect(library.body).toContain(`SECRET for ${ADA.email}`);
    expect(at(await ada.get("/login?redirect=/library"))).toEqual([303, "/library"]);
    expect(at(await ada.form("/account?/signout", {}))).toEqual([303, "/"]);
    expect(ada.jar.size).toBe(0);
    expect(at(await ada.get("/library?tab=1"))).toEqual([303, "/login?redirect=/library%3Ftab%3D1"]);
    expect(at(await ada.signin(ADA, "/login?/signin&redirect=%2Flibrary%3Ftab%3D1"))).toEqual([
      303,
      "/library?tab=1",
    ]);
  });

  test("the lines of the backend reach the browser byte for byte", async () => {
    const direct = await send(backend.url, "/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json", origin },
      body: JSON.stringify({ email: ADA.email, password: ADA.password, rememberMe: false }),
    });
    const { headers } = await new Visitor().signin(ADA);
    const shape = (lines: string[] = []) => lines.map((line) => line.replace(/=[^;]*/, "="));
    expect(shape(headers["set-cookie"])).toEqual(shape(direct.headers["set-cookie"]));
    expect(headers["cache-control"]).toBe("private, no-store");
  });

  test("a failure shows what was typed but the password, with its status", async () => {
    const answer = await new Visitor().form("/login?/signin", { email: ADA.email, password: "wrong-secret" });
    expect(answer.status).toBe(401);
    expect(formOf(answer)).toEqual({
      flow: "signin",
      error: {
        code: "signin-failed",
        message: "the e-mail address or the password is wrong",
        reason: "INVALID_EMAIL_OR_PASSWORD",
      },
      values: { email: ADA.email },
    });
    expect(answer.body).not.toContain("wrong-secret");
  });

  test("a stale cookie is cleared, makes no loop, and does not undo a new sign-in", async () => {
    const ada = new Visitor();
    ada.jar.set("codex-session", "dead.c2lnbmF0dXJl");
    const login = await ada.get("/library");
    expect(at(login)).toEqual([303, "/login?redirect=/library"]);
    expect(ada.jar.size).toBe(0);
    expect((await ada.get("/login?redirect=/library")).status).toBe(200);
    ada.jar.set("codex-session", "dead.c2lnbmF0dXJl");
    await ada.signin(ADA);
    expect((await ada.get("/library")).status).toBe(200);
  });

  test("another site's form does nothing", async () => {
    for (const headers of [
      { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      { origin: "null", "sec-fetch-site": "cross-site" },
    ]) {
      const visitor = new Visitor();
      const answer = await visitor.form(
        "/login?/signin",
        { email: ADA.email, password: ADA.password },
        headers,
      );
      expect([answer.status, visitor.jar.size]).toEqual([403, 0]);
    }
  });

  test("with JavaScript, the same action answers what SvelteKit reads", async () => {
    const enhanced = { ...FETCH, accept: "application/json", "x-sveltekit-action": "true" };
    const ada = new Visitor();
    const answer = await ada.form("/login?/signin", { email: ADA.email, password: ADA.password }, enhanced);
    expect(JSON.parse(answer.body)).toMatchObject({ type: "redirect", status: 303, location: "/" });
    expect(ada.jar.has("codex-session")).toBe(true);
    const save = await new Visitor().form("/studio?/save", {}, enhanced);
    expect([save.status, JSON.parse(save.body)]).toEqual([
      200,
      { type: "redirect", status: 303, location: "/login?redirect=/studio" },
    ]);
    const refused = await ada.form("/studio?/save", {}, enhanced);
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([
      403,
      { type: "error", error: { code: "rejected" } },
    ]);
  });

  test("a magic link survives a mail scanner", async () => {
    const ada = new Visitor();
    const sent = await ada.form("/login?/sendMagicLink", { email: ADA.email });
    expect(formOf(sent)).toEqual({ flow: "sendMagicLink", notice: "magic-link-sent" });
    const { pathname, search } = new URL(backend.outbox[0]?.link ?? "");
    for (let scans = 0; scans < 2; scans++)
      expect(at(await new Visitor().get(pathname + search))).toEqual([303, `/magic-link${search}`]);
    const token = new URLSearchParams(search).get("token") ?? "";
    expect(at(await ada.form("/login?/useMagicLink", { token }))).toEqual([303, "/"]);
    expect((await ada.get("/library")).body).toContain(`SECRET for ${ADA.email}`);
  });
});

describe("guards", () => {
  const WAYS = [
    "/studio",
    "/studio/",
    "//studio",
    "/%73tudio",
    "/%2573tudio",
    "/STUDIO",
    "/studio/1",
    "/studio/%31",
    "/studio/report",
    "/studio/report/",
    "/studio%2Freport",
    "/x/../studio",
    "/x/%2e%2e/studio",
    "/login/../studio",
    "/x%2F..%2Fstudio",
    "/studio/__data.json",
    "/studio/1/__data.json?x-sveltekit-invalidated=11",
    "/%73tudio/__data.json",
    "/studio?/save",
    "/studio#/login",
    "/api/auth/../../studio",
    "/api/auth/..%2F..%2Fstudio",
    "/api/auth/%2e%2e/%2e%2e/studio",
    "/studio;/login",
    "/studio\\..\\login",
  ];

  test.each(WAYS)("%s shows nobody's secret to a customer or a stranger", async (path) => {
    const ada = new Visitor();
    await ada.signin(ADA);
    for (const visitor of [new Visitor(), ada])
      for (const headers of [NAVIGATION, FETCH, {}, { "x-sveltekit-pathname": "/login" }]) {
        const answers = [
          await visitor.get(path, headers as Record<string, string>),
          await visitor.form(path, {}, headers),
        ];
        for (const { body } of answers) expect(body).not.toContain("SECRET");
      }
  });

  test("whoever may, comes in by each address that leads there", async () => {
    const grace = new Visitor();
    await grace.signin(GRACE);
    for (const path of ["/studio", "/%73tudio", "/studio/1", "/studio/report", "/studio/__data.json"]) {
      const { status, body } = await grace.get(path);
      expect([path, status, body.includes("SECRET")]).toEqual([path, 200, true]);
    }
    expect((await grace.form("/studio?/save", {})).status).toBe(200);
  });

  test("a page is led to login or refused as a page; what is none gets a typed error", async () => {
    const [nobody, ada] = [new Visitor(), new Visitor()];
    await ada.signin(ADA);
    expect(at(await nobody.get("/studio/report"))).toEqual([303, "/login?redirect=/studio/report"]);
    const endpoint = await nobody.get("/studio/report", FETCH);
    expect([endpoint.status, JSON.parse(endpoint.body).error.code]).toEqual([401, "unauthenticated"]);
    const page = await ada.get("/studio");
    expect([page.status, page.headers["content-type"]]).toEqual([403, "text/html; charset=utf-8"]);
    const data = await ada.get("/studio/__data.json", FETCH);
    expect([data.status, JSON.parse(data.body).error.code]).toEqual([403, "rejected"]);
    const led = await nobody.get("/library/__data.json", FETCH);
    expect(JSON.parse(led.body)).toMatchObject({ type: "redirect", location: "/login?redirect=/library" });
    expect((await nobody.get("/anything")).status).toBe(200);
  });

  test("while the backend is away: 503, no redirect, no cookie taken; and it recovers", async () => {
    const [ada, nobody] = [new Visitor(), new Visitor()];
    await ada.signin(ADA);
    const { port } = new URL(backend.url);
    await backend.close();
    const cookies = ada.jar.size;
    const page = await ada.get("/library");
    expect([page.status, page.headers.location, page.headers["set-cookie"]]).toEqual([
      503,
      undefined,
      undefined,
    ]);
    expect(Number(page.headers["retry-after"])).toBeGreaterThan(0);
    const data = await ada.get("/studio/report", FETCH);
    expect([data.status, JSON.parse(data.body).error.code]).toEqual([503, "unavailable"]);
    expect((await ada.get("/anything")).status).toBe(200);
    expect(at(await nobody.get("/library"))).toEqual([303, "/login?redirect=/library"]);
    const tried = await nobody.signin(ADA);
    expect([tried.status, formOf(tried).error.code]).toEqual([503, "unavailable"]);
    expect(ada.jar.size).toBe(cookies);
    backend = await createBackend({
      port: Number(port),
      origins: [origin],
      secret: SECRET,
      tables,
      attempts: 1000,
    });
    expect((await ada.get("/library")).body).toContain(`SECRET for ${ADA.email}`);
  });
});
