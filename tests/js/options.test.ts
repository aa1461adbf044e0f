import {
  apiProxy,
  authBackend,
  cookieEndpoint,
  guard,
  safeRedirect,
  serializeSetCookie,
} from "httponly/server";
import { accountActions, proxyHandleFetch, sessionHandle } from "httponly/sveltekit";
import { afterEach, describe, expect, test } from "vitest";

type Loose = Record<string, unknown>;
const url = "https://api.example";
const backend = { url: "http://127.0.0.1:9", cookie: "s" };
const auth = authBackend(backend);

/** Each factory, with what else it needs. */
const FACTORIES: [name: string, make: (options: Loose) => unknown][] = [
  ["apiProxy", (options) => apiProxy({ target: { url }, ...options } as never)],
  ["apiProxy: the target", (options) => apiProxy({ target: { url, ...options } } as never)],
  ['apiProxy: target "api"', (options) => apiProxy({ targets: { api: { url, ...options } } } as never)],
  [
    "apiProxy: the target: authorization",
    (options) => apiProxy({ target: { url, authorization: { bearer: "t", ...options } } } as never),
  ],
  [
    'apiProxy: the target: setCookies["a"]',
    (options) => apiProxy({ target: { url, setCookies: { a: { path: "/", ...options } } } } as never),
  ],
  ["apiProxy", (options) => proxyHandleFetch({ target: { url }, ...options } as never)],
  ["cookieEndpoint", (options) => cookieEndpoint(options)],
  ["authBackend", (options) => authBackend({ ...backend, ...options })],
  ["authBackend: pages", (options) => authBackend({ ...backend, pages: options })],
  ["authBackend: paths", (options) => authBackend({ ...backend, paths: options })],
  ["guard", (options) => guard({}, options)],
  ['guard: the access of "/a"', (options) => guard({ "/a": { role: "admin", ...options } })],
  ["guard: the access of otherwise", (options) => guard({}, { otherwise: options })],
  ["sessionHandle", (options) => sessionHandle(auth, options)],
  ["accountActions", (options) => accountActions(auth, options)],
  ["accountActions: pages", (options) => accountActions(auth, { pages: options })],
  ["serializeSetCookie", (options) => serializeSetCookie("a", "1", options)],
];

describe("an option that does not exist throws by its name when it is declared", () => {
  test.each(FACTORIES)("%s", (name, make) => {
    for (const unknown of ["nosuchoption", "constructor", "toString", ""]) {
      expect(() => make({ [unknown]: 1 })).toThrow(TypeError);
      expect(() => make({ [unknown]: 1 })).toThrow(`${name}: unknown option "${unknown}"`);
    }
  });

  test("one that a finger missed is named beside the one that was meant", () => {
    expect(() => apiProxy({ target: { url, tiemout: 5 } } as never)).toThrow('did you mean "timeout"?');
    expect(() => cookieEndpoint({ bareget: true } as never)).toThrow('did you mean "bareGet"?');
    expect(() => serializeSetCookie("a", "1", { httponly: true } as never)).toThrow(
      'did you mean "httpOnly"?',
    );
    expect(() => authBackend({ ...backend, cokie: "a" } as never)).toThrow('did you mean "cookie"?');
  });

  test.each([null, 1, "a", [], true])("options that are %j are no object", (options) => {
    expect(() => cookieEndpoint(options as never)).toThrow(/cookieEndpoint: options must be an object, got /);
    expect(() => apiProxy({ target: options } as never)).toThrow(TypeError);
    expect(() => apiProxy({ targets: { a: options } } as never)).toThrow(TypeError);
  });
});

describe("what Object.prototype holds is no option", () => {
  const polluted = Object.prototype as unknown as Loose;
  const added: string[] = [];
  const pollute = (members: Loose) => {
    for (const [name, value] of Object.entries(members)) {
      added.push(name);
      Object.defineProperty(polluted, name, { value, configurable: true, writable: true, enumerable: true });
    }
  };
  afterEach(() => {
    for (const name of added.splice(0)) delete polluted[name];
  });
  const calls: Request[] = [];
  const api = (async (input: string, init: RequestInit) => {
    calls.push(new Request(input, init));
    return new Response("{}");
  }) as typeof fetch;
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Request(`https://app.example${path}`, { headers: { cookie: "t=secret", ...headers } });
  const proof = { "x-httponly": "1" };

  test("it grants no bearer, no cookie, no place, no header and no load", async () => {
    calls.length = 0;
    pollute({
      authorization: { bearer: "t" },
      bearer: "t",
      cookies: ["t"],
      templates: ["header", "query"],
      headers: { "x-user": "admin" },
      destinations: ["image"],
      setCookies: { planted: {} },
      forwardHeaders: ["x-evil"],
      redirects: ["https://evil.example"],
      responseHeaders: ["server"],
      methods: ["GET", "PURGE"],
    });
    const proxy = apiProxy({ targets: { api: { url, fetch: api } } });
    const answer = await proxy(get("/api/proxy/api/x?a={{%20cookies.t%20}}", { ...proof, "x-evil": "1" }));
    // No place for templates is declared but headers, so that this one is text like any other.
    expect([answer.status, calls.length]).toEqual([200, 1]);
    expect(calls[0]?.url).toContain("cookies.t");
    expect([...(calls[0]?.headers ?? [])].map(([name]) => name)).not.toContain("authorization");
    expect(JSON.stringify([calls[0]?.url, ...(calls[0]?.headers ?? [])])).not.toMatch(/secret|x-evil|x-user/);
    const spent = { ...proof, authorization: "Bearer {{ cookies.t }}" };
    expect((await proxy(get("/api/proxy/api/x", spent))).status).toBe(403);
    expect(calls).toHaveLength(1);
  });

  test("it opens no endpoint, no guard, no redirect and no session", async () => {
    pollute({
      bareGet: true,
      origin: "https://evil.example",
      allow: ["https://evil.example"],
      fallback: "https://evil.example/",
      otherwise: "public",
      role: undefined,
      session: "jwt",
      claims: () => ({ id: "admin" }),
    });
    const endpoint = cookieEndpoint();
    const fetched = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
    const set = await endpoint(get("/.nordcraft/cookies/set-cookie?name=a&value=1", fetched));
    expect(set.status).toBe(403);
    expect(safeRedirect("https://evil.example/x", { origin: "https://app.example" })).toBe("/");
    const jwt = `${btoa('{"alg":"none"}')}.${btoa('{"sub":"a","exp":9999999999}')}.x`.replaceAll("=", "");
    const own = authBackend({ url: "http://127.0.0.1:9", cookie: "s2", timeout: 50 });
    const { status } = await own.getSession(get("/", { cookie: `s2=${jwt}` }));
    expect(status).toBe("unavailable");
  });
});
