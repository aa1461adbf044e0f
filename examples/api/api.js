/**
 * A Bearer API as a front end meets it: it knows nothing of cookies, browsers or CORS.
 *
 *   POST /login   { email, password }  →  200 { access_token, token_type, expires_in, user } or 401
 *   GET  /me      Authorization: Bearer <access_token>  →  200 { user, expires }
 *   POST /echo    any JSON  →  200 { json, headers }: gives back what it was sent, so it must be sent no token
 *   GET  /events  Authorization: Bearer <access_token>  →  an event stream, one event at a time, then it ends
 *   POST /chatkit { message } with Authorization: Bearer <access_token>  →  an event stream: `context` with the headers
 *                 X-User-ID, X-Page-URL, X-Page-Title and X-Project-ID as they came, `token` for each word, `done`
 *
 * Every refusal is JSON: { error: { code, message } }.
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { jwtVerify, SignJWT } from "jose";

const ISSUER = "https://api.example";
const BODY_LIMIT = 64 * 1024;

/** The demo users. A real API stores hashes. */
export const USERS = [
  { id: "1", email: "ada@example.com", name: "Ada Lovelace", password: "analytical" },
  { id: "2", email: "grace@example.com", name: "Grace Hopper", password: "nanosecond" },
];

class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * Makes the server; the caller calls `listen`.
 *
 * @param {object} [options]
 * @param {Uint8Array} [options.secret] the HS256 key; made now when absent, so that a restart ends every session
 * @param {number} [options.lifetime] seconds that a token is good for; 3600 when absent
 * @param {number} [options.interval] milliseconds between two events; 300 when absent
 * @param {number} [options.events] how many events a stream has; 8 when absent
 * @param {number} [options.pace] milliseconds between two words of the chat; 60 when absent
 * @returns {import("node:http").Server}
 */
export function createApi({
  secret = randomBytes(32),
  lifetime = 3600,
  interval = 300,
  events = 8,
  pace = 60,
} = {}) {
  const routes = {
    "POST /login": login,
    "GET /me": me,
    "POST /echo": echo,
    "GET /events": stream,
    "POST /chatkit": chat,
  };

  async function login(request, response) {
    const { email, password } = Object(await json(request));
    const user = USERS.find((user) => user.email === email);
    if (!user || !equal(user.password, password))
      throw new Refused(401, "credentials", "no user has this email and password");
    const issued = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({ email: user.email, name: user.name })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer(ISSUER)
      .setSubject(user.id)
      .setIssuedAt(issued)
      .setExpirationTime(issued + lifetime)
      .sign(secret);
    send(response, 200, {
      access_token: token,
      token_type: "Bearer",
      expires_in: lifetime,
      user: { id: user.id, email: user.email, name: user.name },
    });
  }

  async function me(request, response) {
    const { sub, email, name, exp } = await bearer(request);
    send(response, 200, { user: { id: sub, email, name }, expires: new Date(exp * 1000).toISOString() });
  }

  async function echo(request, response) {
    send(response, 200, { json: await json(request), headers: Object.keys(request.headers).sort() });
  }

  async function stream(request, response) {
    await bearer(request);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    for (let number = 1; number <= events; number++) {
      const data = JSON.stringify({ number, of: events, sent: Date.now() });
      response.write(`id: ${number}\nevent: tick\ndata: ${data}\n\n`);
      if (number < events) await wait(interval, undefined, { signal: gone.signal });
    }
    response.end();
  }

  async function chat(request, response) {
    const { name } = await bearer(request);
    const { message } = Object(await json(request));
    if (typeof message !== "string" || message.trim() === "")
      throw new Refused(400, "message-missing", "a chat needs a message");
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    const say = (event, data) =>
      response.write(`event: ${event}\ndata: ${JSON.stringify({ ...data, sent: Date.now() })}\n\n`);
    const header = (name) => request.headers[name] ?? null;
    const context = {
      userId: header("x-user-id"),
      pageUrl: header("x-page-url"),
      pageTitle: header("x-page-title"),
      projectId: header("x-project-id"),
    };
    say("context", context);
    for (const text of answerTo(message, name, context)) {
      await wait(pace, undefined, { signal: gone.signal });
      say("token", { text });
    }
    say("done", {});
    response.end();
  }

  /** The claims of the request's token. */
  async function bearer(request) {
    const token = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined)
      throw new Refused(401, "token-missing", "Authorization: Bearer <token> is needed");
    try {
      const checks = { algorithms: ["HS256"], issuer: ISSUER, requiredClaims: ["exp", "sub"] };
      return (await jwtVerify(token, secret, checks)).payload;
    } catch {
      throw new Refused(401, "token-invalid", "the token is not ours, or it has expired");
    }
  }

  return createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url, "http://api");
      const route = routes[`${request.method} ${pathname}`];
      if (!route) throw new Refused(401, "not-public", "this API answers only to its documented requests");
      await route(request, response);
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else if (error instanceof Refused)
        send(response, error.status, { error: { code: error.code, message: error.message } });
      else send(response, 500, { error: { code: "internal", message: "the API failed" } });
    }
  });
}

/** The words of an answer, each with the space before it: this API is no language model. */
function answerTo(message, name, { userId, pageTitle, projectId }) {
  const question = message.trim().slice(0, 200);
  const text = [
    `Hello ${name.split(" ")[0]}. You asked: “${question}”`,
    `I know you by the token that your server sent with this request, and as user ${userId ?? "unknown"} by its session.`,
    `Your page is called “${pageTitle ?? "nothing"}” and its project is ${projectId ?? "none"};`,
    "both came from the page, so I take them for hints and not for proof.",
  ].join(" ");
  return text.match(/\s*\S+/g) ?? [];
}

function send(response, status, value) {
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  if (status === 401) headers["www-authenticate"] = "Bearer";
  response.writeHead(status, headers).end(JSON.stringify(value));
}

async function json(request) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw new Refused(415, "not-json", "Content-Type: application/json is needed");
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_LIMIT)
      throw new Refused(413, "body-too-large", `a body takes at most ${BODY_LIMIT} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refused(400, "not-json", "the body is not JSON");
  }
}

function equal(expected, given) {
  const [a, b] = [Buffer.from(expected), Buffer.from(String(given))];
  return a.length === b.length && timingSafeEqual(a, b);
}
