/**
 * An app with own sign-in on a plain Node server, the real OpenID provider of the examples, and a page that signs in by the
 * package's functions or, without JavaScript, by forms.
 *
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createAuth, credentials, magicLink, oidc } from "httponly/server";
import { type Browser, chromium } from "playwright-core";
import { CLIENT, createProvider, PEOPLE } from "../../examples/auth-backend/provider.js";
import base from "../../playwright.config.ts";
import { listener } from "../js/support/node.ts";

export const [ADA] = PEOPLE as [{ email: string; password: string; name: string }];

export interface World {
  origin: string;
  browser: Browser;
  /** The links that were mailed. */
  outbox: string[];
  close(): Promise<void>;
}

const FORMS = `
  <form method="post" action="/api/auth/sign-in/email">
    <input name="email"><input name="password" type="password"><button id="credentials">Sign in</button>
    <input type="hidden" name="callbackURL" value="/library"><input type="hidden" name="errorCallbackURL" value="/login">
  </form>
  <form method="post" action="/api/auth/sign-in/magic-link">
    <input name="email"><button id="magic-link">Mail a link</button>
    <input type="hidden" name="callbackURL" value="/library"><input type="hidden" name="errorCallbackURL" value="/login">
  </form>
  ${["query", "form"]
    .map(
      (id) => `
    <form method="post" action="/api/auth/sign-in/social">
      <input type="hidden" name="provider" value="${id}"><button id="${id}">${id}</button>
      <input type="hidden" name="callbackURL" value="/library"><input type="hidden" name="errorCallbackURL" value="/login">
    </form>`,
    )
    .join("")}
  <form method="post" action="/api/auth/sign-out"><button id="sign-out">Sign out</button></form>`;

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The package as a page loads it, with its functions at hand. */
async function script(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export * from "httponly";',
      resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
    },
    bundle: true,
    write: false,
    format: "esm",
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}

export async function start(): Promise<World> {
  const page = await script();
  const outbox: string[] = [];
  let answer: (request: Request) => Promise<Response> = async () => new Response(null, { status: 503 });
  const server = createServer(listener((request) => answer(request)));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const callbacks = ["query", "form"].map((id) => `${origin}/api/auth/callback/${id}`);
  const provider = await createProvider({ redirectUris: callbacks });
  const auth = createAuth({
    secret: "a secret of the tests' own, 32 bytes or more",
    origin,
    providers: [
      oidc({ id: "query", issuer: provider.url, ...CLIENT }),
      oidc({ id: "form", issuer: provider.url, ...CLIENT, authorization: { response_mode: "form_post" } }),
      credentials<{ email: string; password: string }>({
        getProfile: ({ email, password }) =>
          email === ADA.email && password === ADA.password ? { id: email, email } : null,
      }),
      magicLink({ send: ({ url }) => void outbox.push(url) }),
    ],
    profileToUser: ({ email = "" }) => ({ id: email, email }),
  });
  answer = async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/api/auth/")) return auth.handler(request);
    if (pathname === "/httponly.js")
      return new Response(page, { headers: { "content-type": "text/javascript" } });
    const { status, user, setCookies } = await auth.getSession(request);
    const headers = new Headers({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
    for (const line of setCookies) headers.append("set-cookie", line);
    const said = ["error", "reason", "notice"].map(
      (name) => `<output id="${name}">${escaped(searchParams.get(name) ?? "")}</output>`,
    );
    return new Response(
      `<!doctype html><title>${escaped(pathname)}</title><output id="who">${escaped(user?.id ?? status)}</output>${said.join("")}${FORMS}
       <script type="module">globalThis.app = await import("/httponly.js")</script>`,
      { headers },
    );
  };
  const browser = await chromium.launch(base.use?.launchOptions ?? {});
  return {
    origin,
    browser,
    outbox,
    async close() {
      await browser.close();
      await provider.close();
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
