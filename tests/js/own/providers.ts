/**
 * Providers for the tests: an OpenID provider that can be made to lie, the real `oidc-provider`, and one like GitHub.
 *
 * @module
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { OAuth2Server } from "oauth2-mock-server";
import { onTestFinished, vi } from "vitest";
import type { Browser, Got } from "./support.ts";

/** A server on this machine until the test is over. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(
    () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An OpenID provider whose answers a test may change, and how often it was asked for tokens. */
export interface Liar {
  issuer: string;
  server: OAuth2Server;
  tokenRequests(): number;
}

/** Starts one. */
export async function liar(): Promise<Liar> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(0, "127.0.0.1");
  onTestFinished(() => server.stop());
  let count = 0;
  server.service.on("beforeResponse", () => {
    count++;
  });
  const { port } = server.address();
  server.issuer.url = `http://127.0.0.1:${port}`;
  return { issuer: server.issuer.url, server, tokenRequests: () => count };
}

/** Where a provider that asks nothing sends a browser back to. */
export async function back(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: "manual" });
  await answer.body?.cancel();
  const location = answer.headers.get("location");
  if (location === null) throw new Error(`the provider answers ${answer.status}`);
  return new URL(location, url).href;
}

/** Begins to sign in; gives the address of the provider's page. */
export async function begin(
  browser: Browser,
  provider: string,
  more: Record<string, unknown> = {},
): Promise<string> {
  const got = await browser.post("/sign-in/social", {
    provider,
    callbackURL: "/library",
    errorCallbackURL: "/login?from=a",
    ...more,
  });
  if (got.body?.url === undefined) throw new Error(`no way to the provider: ${got.status} ${got.text}`);
  return got.body.url;
}

/** Signs in at a provider that asks nothing. */
export async function signInAt(browser: Browser, provider: string): Promise<Got> {
  return browser.visit(await back(await begin(browser, provider)));
}

/** What a test says of an account at GitHub. */
export interface GitHubAccount {
  user: Record<string, unknown>;
  emails: unknown;
  /** The answer to the code, in place of a token. */
  token?: Record<string, unknown>;
}

/**
 * A server like GitHub: no OpenID, no `iss`, errors with status 200, a list of addresses that may be empty. The global
 * `fetch` takes it for github.com until the test is over.
 */
export async function gitHub(account: GitHubAccount): Promise<{ requests: string[] }> {
  const requests: string[] = [];
  const challenges = new Map<string, string>();
  const json = (response: ServerResponse, body: unknown, status = 200) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const bodyOf = async (request: IncomingMessage) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    return new URLSearchParams(body);
  };
  const origin = await listen(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    requests.push(pathname);
    if (pathname === "/login/oauth/authorize") {
      const code = `code-${challenges.size}`;
      challenges.set(code, searchParams.get("code_challenge") ?? "");
      const to = new URL(searchParams.get("redirect_uri") ?? "");
      to.searchParams.set("code", code);
      to.searchParams.set("state", searchParams.get("state") ?? "");
      response.writeHead(302, { location: to.href }).end();
      return;
    }
    if (pathname === "/login/oauth/access_token") {
      const fields = await bodyOf(request);
      const challenge = challenges.get(fields.get("code") ?? "");
      const digest = await crypto.subtle.digest(
        "SHA-256",
        new TextEncoder().encode(fields.get("code_verifier") ?? ""),
      );
      const fits = challenge === Buffer.from(digest).toString("base64url");
      challenges.delete(fields.get("code") ?? "");
      if (account.token) return json(response, account.token);
      if (!fits || fields.get("client_secret") !== "github's secret")
        return json(response, { error: "bad_verification_code" });
      return json(response, { access_token: "gho_1", token_type: "bearer", scope: "read:user,user:email" });
    }
    if (request.headers.authorization !== "Bearer gho_1")
      return json(response, { message: "Bad credentials" }, 401);
    if (pathname === "/user") return json(response, account.user);
    return json(response, account.emails);
  });
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", ((input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const ours = url.hostname === "github.com" || url.hostname === "api.github.com";
    return real(ours ? new URL(url.pathname + url.search, origin) : input, init);
  }) as typeof fetch);
  onTestFinished(() => void vi.unstubAllGlobals());
  return { requests };
}
