// How often a request crosses into WebAssembly, and how often it is read: once on its way in, once on its way out.
import { expect, onTestFinished, test, vi } from "vitest";

/** Calls of the module's functions by name; what manages its memory is none. */
const calls: string[] = [];
/** How often JavaScript parsed the URL of the request. */
let urls = 0;

vi.hoisted(() => {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, [module, imports]) {
      const { exports } = new target(module, imports);
      const counted: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(exports)) {
        const manages = typeof value !== "function" || name.startsWith("__");
        counted[name] = manages
          ? value
          : (...args: unknown[]) => {
              (globalThis as { crossed?: (name: string) => void }).crossed?.(name);
              return value(...args);
            };
      }
      return { exports: counted };
    },
  });
});
(globalThis as { crossed?: (name: string) => void }).crossed = (name) => calls.push(name);

const { apiProxy, authBackend } = await import("httponly/server");
const { ADA, appFor, backend } = await import("./support/auth.ts");
const { PROOF } = await import("./support/send.ts");
const { upstream } = await import("./support/serve.ts");

/** What a call crosses, and how many URLs and `Cookie` headers JavaScript reads for it. */
async function counted<T>(request: Request, call: () => Promise<T>) {
  const { URL } = globalThis;
  let cookies = 0;
  const get = request.headers.get.bind(request.headers);
  request.headers.get = (name) => {
    if (name.toLowerCase() === "cookie") cookies++;
    return get(name);
  };
  globalThis.URL = new Proxy(URL, {
    construct(target, args, newTarget) {
      // Servers in this process and the platform parse URLs of their own.
      if (String(args[0]) === request.url) urls++;
      return Reflect.construct(target, args, newTarget);
    },
  });
  calls.length = 0;
  urls = 0;
  try {
    const result = await call();
    return { result, crossings: [...calls], urls, cookies };
  } finally {
    globalThis.URL = URL;
  }
}

const signIn = (origin: string, cookie: string) =>
  new Request(`${origin}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { ...PROOF, "content-type": "application/json", cookie },
    body: JSON.stringify({ email: ADA.email, password: ADA.password }),
  });

test("an accepted sign-in crosses twice, and JavaScript reads neither its URL nor its cookies", async () => {
  const { origin, url } = await appFor(async (app) => backend({ origins: [app] }));
  const auth = authBackend({ url, cookie: "codex-session", origin });
  onTestFinished(() => auth.purge());
  const attempt = () => {
    const request = signIn(origin, "theme=dark; codex-session=dead.sig");
    return counted(request, () => auth.handler(request));
  };
  // What is known by the name of a header is asked once for the process.
  await attempt();
  const { result, crossings, urls, cookies } = await attempt();
  expect(result.status).toBe(200);
  expect(crossings).toEqual(["backend_request", "backend_response"]);
  expect({ urls, cookies }).toEqual({ urls: 0, cookies: 0 });
});

test("a proxied request crosses twice", async () => {
  let answers = 0;
  const { origin } = await upstream((_, response) => {
    // What was judged once is known: each answer is another.
    answers++;
    response.writeHead(200, { "content-type": "application/json", vary: `x-${answers}` }).end("{}");
  });
  const proxy = apiProxy({ targets: { api: { url: origin, authorization: { bearer: "access_token" } } } });
  const attempt = () => {
    const headers = { ...PROOF, cookie: "access_token=t" };
    const request = new Request("http://app.example/api/proxy/api/me", { headers });
    return counted(request, () => proxy(request));
  };
  await (await attempt()).result.text();
  const { result, crossings, urls, cookies } = await attempt();
  expect([result.status, await result.text()]).toEqual([200, "{}"]);
  expect(crossings).toEqual(["proxy_plan", "proxy_judge"]);
  expect({ urls, cookies }).toEqual({ urls: 0, cookies: 0 });
});

test("a session that is known is told by one crossing", async () => {
  const { origin, url } = await appFor(async (app) => backend({ origins: [app] }));
  const auth = authBackend({ url, cookie: "codex-session", origin });
  onTestFinished(() => auth.purge());
  const signedIn = await auth.handler(signIn(origin, ""));
  const cookie = (signedIn.headers.getSetCookie()[0] as string).split(";")[0] as string;
  const visit = () => {
    const request = new Request(`${origin}/`, { headers: { cookie } });
    return counted(request, () => auth.getSession(request));
  };
  expect((await visit()).result.status).toBe("authenticated");
  const { result, crossings, urls } = await visit();
  expect(result.user?.email).toBe(ADA.email);
  expect(crossings).toEqual(["backend_cacheKey"]);
  expect(urls).toBe(0);
});
