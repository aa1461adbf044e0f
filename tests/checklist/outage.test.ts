// A backend that is killed, or stops answering, in the middle of a load of many sessions, and comes back: nobody is signed
// out, nobody is sent to a login page, and the app recovers by itself. HTTPONLY_OUTAGE is the number of seconds that it is
// away; 3 if absent.
import { type ChildProcess, fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { createBackend } from "../../examples/auth-backend/backend.js";
import { freePort, serve } from "../attack/server.ts";
import { PROOF, send } from "../js/support/send.ts";
import { APPS } from "./apps.ts";
import { tablesWithUsers } from "./support.ts";

const AWAY = Number(process.env.HTTPONLY_OUTAGE ?? 3) * 1000;
/** How long an answer of the backend is kept, in seconds: less than the outage, so that all sessions must be asked for. */
const TTL = 0.5;
/** How long an answer of the backend is waited for, in milliseconds. */
const TIMEOUT = 1000;
const VISITORS = 100;
/** Requests under way at any time. */
const AT_ONCE = 12;
const SECRET = "a-secret-of-at-least-32-characters";

const BACKEND = fileURLToPath(new URL("backend-process.mjs", import.meta.url));

const NAVIGATION = {
  accept: "text/html",
  "sec-fetch-site": "none",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

/** What a visitor asks for, where a session is needed. */
const ASKED = [
  { path: "/library", headers: NAVIGATION },
  { path: "/library/__data.json", headers: PROOF },
  { path: "/library/data", headers: PROOF },
  { path: "/api/auth/get-session", headers: PROOF },
] as const;

type Phase = "before" | "leaving" | "away" | "returning" | "after";

interface Seen {
  phase: Phase;
  path: string;
  status: number;
  /** The body says whose it is. */
  own: boolean;
  code: string | undefined;
  retryAfter: string | undefined;
  setCookie: string[] | undefined;
  location: string | undefined;
}

interface Visitor {
  email: string;
  cookie: string;
}

/** Tables with as many users as visitors, each signed in. */
async function signedIn() {
  const tables = await tablesWithUsers();
  const [first] = tables.user;
  const now = new Date();
  const visitors: Visitor[] = [];
  tables.user = [];
  for (let i = 0; i < VISITORS; i++) {
    const [id, email, token] = [`user-${i}`, `visitor-${i}@example.com`, `token-${i}-${"x".repeat(24)}`];
    tables.user.push({ ...first, id, email });
    tables.session.push({
      id: `session-${i}`,
      userId: id,
      token,
      expiresAt: new Date(now.getTime() + 3_600_000),
      createdAt: now,
      updatedAt: now,
      ipAddress: "",
      userAgent: "",
    });
    const signature = createHmac("sha256", SECRET).update(token).digest("base64");
    visitors.push({ email, cookie: `codex-session=${encodeURIComponent(`${token}.${signature}`)}` });
  }
  return { tables, visitors };
}

/** Starts the backend, and waits until it listens. */
async function startBackend(options: Parameters<typeof createBackend>[0]): Promise<ChildProcess> {
  const child = fork(BACKEND, { serialization: "advanced" });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.send(options ?? {});
  await new Promise<void>((done, failed) => {
    child.once("message", () => done());
    child.once("exit", (code) => failed(new Error(`the backend ended: ${code}`)));
  });
  return child;
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test.each(["killed", "frozen"] as const)(
  `a backend that is %s for ${AWAY / 1000} s under load signs nobody out`,
  async (how) => {
    const { tables, visitors } = await signedIn();
    const [port, backendPort] = [await freePort(), await freePort()];
    const origin = `http://localhost:${port}`;
    const options = { port: backendPort, origins: [origin], secret: SECRET, tables };
    const backend = await startBackend(options);
    const env = {
      BACKEND: `http://127.0.0.1:${backendPort}`,
      ORIGIN: origin,
      CACHE_TTL: String(TTL),
      TIMEOUT: String(TIMEOUT),
    };
    const app = await serve(APPS.sveltekit, port, APPS.sveltekit.ready, env);
    onTestFinished(app.close);

    let phase: Phase = "before";
    const seen: Seen[] = [];
    const at = `http://127.0.0.1:${port}`;
    const ask = async ({ email, cookie }: Visitor, { path, headers }: (typeof ASKED)[number]) => {
      const began = phase;
      const answer = await send(at, path, { headers: { ...headers, host: `localhost:${port}`, cookie } });
      const [, code] = /"code":"([^"]*)"/.exec(answer.body) ?? [];
      seen.push({
        // What began in one phase and ended in the next is neither's.
        phase: began === phase ? phase : phase === "away" ? "leaving" : "returning",
        path,
        status: answer.status,
        own: answer.body.includes(email),
        code,
        retryAfter: answer.headers["retry-after"],
        setCookie: answer.headers["set-cookie"],
        location: answer.headers.location,
      });
    };
    let over = false;
    onTestFinished(() => {
      over = true;
    });
    let turn = 0;
    const load = Array.from({ length: AT_ONCE }, async () => {
      while (!over) {
        const now = turn++;
        // All that one visitor asks for, then the next visitor.
        const visitor = visitors[Math.floor(now / ASKED.length) % VISITORS] as Visitor;
        await ask(visitor, ASKED[now % ASKED.length] as (typeof ASKED)[number]);
      }
    });

    const during = (...phases: Phase[]) => seen.filter((one) => phases.includes(one.phase));
    /** A phase lasts until every visitor was there, and longer than answers are kept. */
    const visited = async (phase: Phase) => {
      await pause(TTL * 1500);
      while (during(phase).length < VISITORS * ASKED.length) await pause(50);
    };
    await visited("before");
    phase = "leaving";
    if (how === "killed") {
      const dead = new Promise((done) => backend.once("exit", done));
      backend.kill("SIGKILL");
      await dead;
    } else backend.kill("SIGSTOP");
    phase = "away";
    await pause(AWAY / 2);
    if (how === "killed") {
      // Signing out is refused too. (One that is frozen would do it when it wakes up: nobody can tell.)
      const { cookie } = visitors[0] as Visitor;
      const signout = await send(at, "/api/auth/sign-out", {
        method: "POST",
        headers: { ...PROOF, host: `localhost:${port}`, origin, cookie, "content-length": "0" },
      });
      expect([signout.status, signout.headers["set-cookie"]]).toEqual([503, undefined]);
    }
    await pause(AWAY / 2);
    phase = "returning";
    if (how === "killed") await startBackend(options);
    else {
      backend.kill("SIGCONT");
      // Whoever comes now may wait for an answer that somebody else has waited for too long.
      await pause(TIMEOUT * 2);
    }
    phase = "after";
    await visited("after");
    over = true;
    await Promise.all(load);

    const kinds = (some: Seen[]) => new Set(some.map(({ path, status, own }) => `${path} ${status} ${own}`));
    const served = new Set(ASKED.map(({ path }) => `${path} 200 true`));

    // At no time is anybody signed out, sent away, or served as somebody else.
    expect(seen.filter(({ setCookie, location }) => setCookie || location)).toEqual([]);
    expect([...new Set(seen.map(({ status, own }) => `${status} ${own}`))].sort()).toEqual([
      "200 true",
      "503 false",
    ]);
    expect(kinds(during("before"))).toEqual(served);
    // While it is away, what is still known is served, and everything else is refused: typed, and for a while.
    const refused = seen.filter(({ status }) => status === 503);
    expect(new Set(refused.map(({ path }) => path))).toEqual(new Set(ASKED.map(({ path }) => path)));
    for (const { path, code, retryAfter } of refused) {
      expect([path, retryAfter]).toEqual([path, expect.stringMatching(/^[1-9]\d*$/)]);
      if (path !== "/library") expect([path, code]).toEqual([path, "unavailable"]);
    }
    // As soon as it is back, so is everybody, in the same process of the app.
    expect(kinds(during("after"))).toEqual(served);
    expect(app.alive()).toBe(true);
    seen.length = 0;
    for (const visitor of visitors) await ask(visitor, ASKED[2]);
    expect(kinds(seen)).toEqual(new Set(["/library/data 200 true"]));
  },
  60_000 + AWAY,
);
