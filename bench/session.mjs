/**
 * Sessions of a remote backend: how often it is asked, and what knowing the answer costs.
 *
 * @module
 */
import { authBackend } from "httponly/server";
import { median } from "./rounds.mjs";
import { serve } from "./serve.mjs";
import { budget, ratio, table, time } from "./table.mjs";

const COOKIE =
  "codex-session=2XdylJd1L6zaf0TqgSLZVurlyaCENOJw.miZtyY2f63i98KSTXrjQ2uKE55Q6Q3HfnWntLzdj4Yo%3D";
const CONCURRENT = 1000;
const BYTES = new TextEncoder();

const page = (cookie = COOKIE) => new Request("http://app.example/library", { headers: { cookie } });

/** A backend that knows the session until it is signed out, as Better Auth answers; it counts its look-ups. */
async function startBackend() {
  let lookups = 0;
  let ended = false;
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
  const known = JSON.stringify({
    session: {
      id: "9YbSTSGAwBqZuPJiKsPlFBzy2XUfUzZM",
      userId: "u7GhGWsAl9fjYXAUDDzGCyZpNAlI7b2u",
      token: "2XdylJd1L6zaf0TqgSLZVurlyaCENOJw",
      expiresAt,
      createdAt: "2026-11-20T10:00:00.000Z",
      updatedAt: "2026-11-20T10:00:00.000Z",
      ipAddress: "192.0.2.1",
      userAgent:
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
    },
    user: {
      id: "u7GhGWsAl9fjYXAUDDzGCyZpNAlI7b2u",
      email: "ada@example.com",
      name: "Ada Lovelace",
      image: null,
      role: "customer",
      emailVerified: true,
      createdAt: "2026-11-20T10:00:00.000Z",
      updatedAt: "2026-11-20T10:00:00.000Z",
    },
  });
  const server = await serve((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/api/auth/sign-out") {
      ended = true;
      response.end('{"success":true}');
      return;
    }
    lookups++;
    // Long enough for all who ask at once to be waiting.
    setTimeout(() => response.end(ended ? "null" : known), 20);
  });
  return { ...server, lookups: () => lookups };
}

async function expectStatus(answer, status) {
  const { status: is } = await answer;
  if (is !== status) throw new Error(`the session is ${is}, not ${status}`);
}

/** How often the backend is asked by so many requests at once, and how long they all wait. */
async function cold(backend) {
  const auth = authBackend({ url: backend.url, cookie: "codex-session" });
  const requests = Array.from({ length: CONCURRENT }, () => page());
  const before = backend.lookups();
  const began = performance.now();
  const answers = await Promise.all(requests.map((request) => auth.getSession(request)));
  const took = performance.now() - began;
  for (const answer of answers) await expectStatus(answer, "authenticated");
  return { calls: backend.lookups() - before, took, auth };
}

/** A look-up of what is known beside hashing the same cookie, in turns. */
async function warm(auth, { rounds, each }) {
  const candidates = {
    "SHA-256 of the cookie, WebCrypto": () => crypto.subtle.digest("SHA-256", BYTES.encode(COOKIE)),
    "getSession, known": (request) => auth.getSession(request),
  };
  const times = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -rounds / 4; round < rounds; round++)
    for (const [name, call] of Object.entries(candidates)) {
      // A request of its own for each, as an app has it: making it is the framework's work, and not measured.
      const requests = Array.from({ length: each }, () => page());
      const began = performance.now();
      for (const request of requests) await call(request);
      // The first quarter warms up.
      if (round >= 0) times[name].push(((performance.now() - began) * 1e6) / each);
    }
  const [base] = Object.values(times);
  return Object.fromEntries(
    Object.entries(times).map(([name, own]) => [
      name,
      { median: median(own), best: Math.min(...own), ratio: median(own.map((one, at) => one / base[at])) },
    ]),
  );
}

/** Signs out through the handler; how many of the requests that come right after it still find a session. */
async function afterSignOut(auth) {
  const headers = { cookie: COOKIE, "sec-fetch-site": "same-origin" };
  const request = new Request("http://app.example/api/auth/sign-out", { method: "POST", headers });
  await expectStatus(auth.getSession(page()), "authenticated");
  const { status } = await auth.handler(request);
  if (status !== 200) throw new Error(`signing out is answered ${status}`);
  const answers = await Promise.all(Array.from({ length: CONCURRENT }, () => auth.getSession(page())));
  return answers.filter(({ status }) => status !== "anonymous").length;
}

export async function measureSession({ quick }) {
  const backend = await startBackend();
  try {
    const { calls, took, auth } = await cold(backend);
    const answers = await warm(auth, quick ? { rounds: 20, each: 100 } : { rounds: 100, each: 100 });
    const known = answers["getSession, known"];
    const left = await afterSignOut(auth);
    const source = "DESIGN 5";
    return {
      title: `Sessions of a remote backend, Node ${process.versions.node}`,
      text: table(
        ["one after the other", "median", "best", ""],
        Object.entries(answers).map(([name, one]) => [
          name,
          time(one.median),
          time(one.best),
          ratio(one.ratio),
        ]),
      ),
      notes: [
        `${CONCURRENT.toLocaleString("en-US")} requests at once on a cold cache: calls to a backend that takes 20 ms: ${calls}; all were answered after ${took.toFixed(0)} ms.`,
        `After signing out, ${left} of ${CONCURRENT.toLocaleString("en-US")} requests at once found a session.`,
      ],
      budgets: [
        budget("backend calls of 1,000 cold look-ups", calls, 1, { source, unit: "", exact: true }),
        budget("known session / WebCrypto SHA-256", known.ratio, 2, { source }),
        budget("sessions found after signing out", left, 0, { source, unit: "", exact: true }),
      ],
      data: { calls, took, answers, left },
    };
  } finally {
    backend.stop();
  }
}
