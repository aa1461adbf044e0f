/**
 * An OpenID provider, as Google or GitHub is one for other apps: people sign in there, and the authentication backend is
 * its client. In memory, certified software (oidc-provider), with PKCE required.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { PEOPLE } from "./users.js";

export { PEOPLE };

/** What a client needs to know. */
export const CLIENT = { clientId: "auth-backend", clientSecret: "the-backend-knows-it" };

/**
 * Starts a provider on 127.0.0.1.
 *
 * @param {object} options
 * @param {number} [options.port] 0, any free one, when absent
 * @param {string[]} options.redirectUris where it may lead back to: the app's callback
 */
export async function createProvider({ port = 0, redirectUris }) {
  let callback;
  const server = createServer((request, response) => callback(request, response));
  await new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", done);
  });
  const url = `http://127.0.0.1:${server.address().port}`;

  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const provider = new Provider(url, {
    clients: [
      { client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret, redirect_uris: redirectUris },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" }] },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    // The claims stand in the ID token, as they do with Google.
    conformIdTokenClaims: false,
    findAccount: (_, sub) => {
      const person = PEOPLE.find(({ email }) => subjectOf(email) === sub);
      return (
        person && {
          accountId: sub,
          claims: () => ({ sub, email: person.email, email_verified: true, name: person.name }),
        }
      );
    },
    // Its one client is trusted: nobody is asked whether it may know a name and an address.
    async loadExistingGrant({ oidc: { provider, session, client } }) {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
    interactions: { url: (_, { uid }) => `/sign-in/${uid}` },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 3600 },
  });
  const protocol = provider.callback();
  callback = (request, response) => {
    if (!request.url.startsWith("/sign-in/")) return protocol(request, response);
    signIn(provider, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(400, { "content-type": "text/plain" });
      response.end(error.message);
    });
  };

  return {
    url,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function signIn(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") return show(response, 200, params.login_hint);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  if (form.has("cancel")) {
    const error = { error: "access_denied", error_description: "the visitor did not sign in" };
    return provider.interactionFinished(request, response, error);
  }
  const person = PEOPLE.find(
    (one) => one.email === form.get("email") && one.password === form.get("password"),
  );
  if (!person) return show(response, 401, form.get("email"), "That is not right.");
  await provider.interactionFinished(request, response, { login: { accountId: subjectOf(person.email) } });
}

/** An identifier that says nothing of the person, and stays the same. */
function subjectOf(email) {
  return createHash("sha256").update(email).digest("hex").slice(0, 24);
}

function show(response, status, email, problem) {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "cache-control": "no-store",
  });
  const shown = (email ?? "").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  response.end(`<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Example ID</title>
  <style>
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem; color: #1c1c28 }
    form { border: 1px solid #d8d8e2; border-radius: 8px; padding: 1.25rem; display: grid; gap: .75rem }
    label { display: grid; gap: .25rem; font-size: .875rem }
    input, button { font: inherit; padding: .5rem .65rem; border: 1px solid #b8b8c8; border-radius: 6px }
    button { background: #1c1c28; color: white } button[name] { background: none; color: inherit }
    p { margin: 0; color: #b00020 }
  </style>
  <h1>Example ID</h1>
  <form method="post">
    ${problem ? `<p role="alert">${problem}</p>` : ""}
    <label>E-mail <input name="email" type="email" value="${shown}" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Sign in</button>
    <button name="cancel" value="1" formnovalidate>Cancel</button>
  </form>
</html>
`);
}
