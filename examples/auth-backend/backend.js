/**
 * A remote authentication backend as a front end meets it: Better Auth, in memory or in PostgreSQL, on a server of its
 * own. It knows nothing of this package.
 *
 *   /api/auth/*  Better Auth: e-mail and password, verification, magic link, password reset, an OpenID provider
 *   GET /outbox  the mails that it sent, newest first: JSON, or a page for `Accept: text/html`
 *
 * The session cookie is `codex-session`, with `__Secure-` before it where cookies are Secure, or `__Host-`; the others begin with
 * `codex.`.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { genericOAuth, magicLink, twoFactor } from "better-auth/plugins";
import pg from "pg";
import { USERS } from "./users.js";

export { USERS };

/** The tables that a backend keeps its users and sessions in; hand them to the next one, and it knows them all. */
export function createTables() {
  return { user: [], session: [], account: [], verification: [], rateLimit: [], twoFactor: [] };
}

/**
 * Starts a backend on 127.0.0.1 with the demo users in it.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0, any free one, when absent
 * @param {string[]} [options.origins] the apps that it serves; mail links lead to the first; http://localhost:5173 when
 *   absent
 * @param {string} [options.secret] signs the cookies; made now when absent, so that a restart ends every session
 * @param {ReturnType<typeof createTables>} [options.tables] new ones when absent
 * @param {boolean} [options.secure] whether cookies are Secure
 * @param {string} [options.domain] their Domain; host-only when absent
 * @param {number} [options.lifetime] seconds that a session lasts; 86,400 when absent
 * @param {string} [options.databaseUrl] PostgreSQL in place of `tables`; what it lacks is created
 * @param {{ issuer: string, clientId: string, clientSecret: string, responseMode?: "query" | "form_post" }}
 *   [options.provider] an OpenID provider, known as `example-id`, that people may sign in with; it leads back to the first
 *   app
 * @param {number} [options.attempts] sign-ins and sign-ups that one address may try in 15 minutes; 10 when absent
 * @param {boolean} [options.hostOnly] whether the cookies are `__Host-`: Secure, of one host, and nobody else's to set
 * @param {boolean} [options.secondFactor] whether users may ask for a second factor: codes of an app, by mail, and backup
 *   codes
 * @param {(options: import("better-auth").BetterAuthOptions) => import("better-auth").BetterAuthOptions}
 *   [options.configure] changes Better Auth's options before it is made: further plugins, say
 */
export async function createBackend({
  port = 0,
  origins = ["http://localhost:5173"],
  secret = randomBytes(32).toString("hex"),
  tables = createTables(),
  secure = false,
  domain,
  lifetime = 86_400,
  databaseUrl,
  provider,
  attempts = 10,
  hostOnly = false,
  secondFactor = false,
  configure = (options) => options,
} = {}) {
  const outbox = [];
  const mail = (kind, to, link, token) => {
    outbox.unshift({ kind, to, link: onApp(link, origins[0]), token, sent: new Date().toISOString() });
    outbox.length = Math.min(outbox.length, 100);
  };

  const code = (to, code) => outbox.unshift({ kind: "code", to, code, sent: new Date().toISOString() });

  let handler;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://backend");
    if (pathname.startsWith("/api/auth/")) return handler(request, response);
    if (pathname === "/outbox" && request.method === "GET") return showOutbox(request, response, outbox);
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ code: "NOT_FOUND", message: "there is nothing here" }));
  });
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", done);
  });
  const url = `http://127.0.0.1:${server.address().port}`;

  const few = { window: 900, max: attempts };
  const pool = databaseUrl === undefined ? undefined : new pg.Pool({ connectionString: databaseUrl });
  const options = configure({
    baseURL: url,
    secret,
    database: pool ?? memoryAdapter(tables),
    telemetry: { enabled: false },
    logger: { disabled: true },
    trustedOrigins: origins,
    session: { expiresIn: lifetime },
    user: { additionalFields: { role: { type: "string", defaultValue: "customer", input: false } } },
    emailAndPassword: {
      enabled: true,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: async ({ user, url, token }) => mail("reset-password", user.email, url, token),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendVerificationEmail: async ({ user, url, token }) => mail("verify-email", user.email, url, token),
    },
    plugins: [
      magicLink({ sendMagicLink: async ({ email, url, token }) => mail("magic-link", email, url, token) }),
      ...(secondFactor
        ? [twoFactor({ otpOptions: { sendOTP: async ({ user, otp }) => code(user.email, otp) } })]
        : []),
      ...(provider ? [genericOAuth({ config: [exampleId(provider, origins[0])] })] : []),
    ],
    rateLimit: {
      enabled: true,
      // In memory proper, all backends of a process would count together.
      storage: "database",
      window: 10,
      max: 100,
      customRules: {
        "/get-session": false,
        "/sign-in/*": few,
        "/sign-up/*": few,
        "/request-password-reset": few,
        "/reset-password": few,
        "/verify-email": few,
      },
    },
    advanced: {
      ...cookieNames({ secure, domain, hostOnly }),
      // The front end's server sends exactly one address here; whoever else reaches this server could send any.
      ipAddress: { ipAddressHeaders: ["x-forwarded-for"] },
    },
  });
  if (pool) {
    // A client that loses its connection says so here, and the pool makes another one.
    pool.on("error", () => {});
    // Better Auth looks at the tables as soon as it is made.
    await (await getMigrations(options)).runMigrations();
  }
  const auth = betterAuth(options);
  handler = toNodeHandler(auth);
  await addUsers(auth);

  return {
    url,
    outbox,
    tables,
    auth,
    /** Stops listening and breaks every connection. */
    async close() {
      const closed = new Promise((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
      await pool?.end();
    },
  };
}

async function addUsers(auth) {
  const { internalAdapter, password } = await auth.$context;
  for (const { password: secret, ...user } of USERS) {
    if (await internalAdapter.findUserByEmail(user.email)) continue;
    const { id } = await internalAdapter.createUser({ ...user, emailVerified: true });
    const account = { userId: id, accountId: id, providerId: "credential" };
    await internalAdapter.linkAccount({ ...account, password: await password.hash(secret) });
  }
}

/** A provider that Better Auth does not know by name, by its discovery document. */
function exampleId({ issuer, clientId, clientSecret, responseMode }, app) {
  return {
    providerId: "example-id",
    name: "Example ID",
    discoveryUrl: `${issuer}/.well-known/openid-configuration`,
    clientId,
    clientSecret,
    scopes: ["openid", "email", "profile"],
    pkce: true,
    redirectURI: `${app}/api/auth/callback/example-id`,
    ...(responseMode && { responseMode }),
  };
}

/** The cookies' names and attributes. `__Host-` is written into the names: Better Auth itself knows only `__Secure-`. */
function cookieNames({ secure, domain, hostOnly }) {
  if (hostOnly)
    return {
      cookiePrefix: "__Host-codex",
      cookies: { session_token: { name: "__Host-codex-session" } },
      useSecureCookies: false,
      defaultCookieAttributes: { secure: true, path: "/" },
    };
  return {
    cookiePrefix: "codex",
    cookies: { session_token: { name: "codex-session" } },
    useSecureCookies: secure,
    ...(domain && { crossSubDomainCookies: { enabled: true, domain } }),
  };
}

/** The link with the app's origin in place of the backend's, which no browser reaches. */
function onApp(link, origin) {
  const { pathname, search } = new URL(link);
  return new URL(pathname + search, origin).href;
}

function showOutbox(request, response, outbox) {
  const page = /\btext\/html\b/i.test(request.headers.accept ?? "");
  response.writeHead(200, {
    "content-type": page ? "text/html; charset=utf-8" : "application/json",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    vary: "Accept",
  });
  response.end(page ? pageOf(outbox) : JSON.stringify(outbox));
}

const SUBJECTS = {
  "verify-email": "Verify your e-mail address",
  "magic-link": "Your link to sign in",
  "reset-password": "Choose a new password",
  code: "Your code to sign in",
};

function pageOf(outbox) {
  const item = ({ kind, to, link, code, sent }) => `
    <li><h2>${escapeHtml(SUBJECTS[kind])}</h2>
      <p>To <b>${escapeHtml(to)}</b>, <time datetime="${sent}">${sent.slice(11, 19)} UTC</time></p>
      <p>${link ? `<a href="${escapeHtml(link)}">${escapeHtml(link)}</a>` : `<b>${escapeHtml(code)}</b>`}</p></li>`;
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Outbox</title>
  <style>
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1c1c28 }
    ul { list-style: none; padding: 0 }
    li { border: 1px solid #d8d8e2; border-radius: 8px; padding: 1rem 1.25rem; margin: 1rem 0 }
    h2 { font-size: 1rem; margin: 0 } p { margin: .35rem 0 0; overflow-wrap: anywhere }
  </style>
  <h1>Outbox</h1>
  ${outbox.length ? `<ul>${outbox.map(item).join("")}</ul>` : "<p>No mail has been sent yet.</p>"}
</html>
`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
