import { createHash } from "node:crypto";
import { getRequestCookies } from "httponly/server";
import { apiUrl, TOKEN } from "./api";

/** Who is signed in, as the API says. */
export interface User {
  id: string;
  email: string;
  name: string;
}

/** What is known of the visitor: a dead API signs nobody out. */
export type Session =
  | { status: "signed in"; user: User }
  | { status: "signed out" }
  | { status: "unavailable" };

const KEPT = 1000;
const LIFETIME = 30_000;
const known = new Map<string, { until: number; session: Session }>();

/** The session of a request, or of its `Cookie` header. The API is asked, and its answer kept for half a minute. */
export async function sessionOf(request: Request | string): Promise<Session> {
  const token = getRequestCookies(request)[TOKEN];
  if (!token) return { status: "signed out" };
  const key = keyOf(token);
  const kept = known.get(key);
  if (kept && kept.until > Date.now()) return kept.session;
  const session = await ask(token);
  if (session.status === "unavailable") return session;
  if (known.size >= KEPT) known.delete(known.keys().next().value as string);
  known.set(key, { until: Date.now() + LIFETIME, session });
  return session;
}

/** Forgets a session that has ended. */
export function forget(token: string): void {
  known.delete(keyOf(token));
}

const keyOf = (token: string) => createHash("sha256").update(token).digest("base64url");

async function ask(token: string): Promise<Session> {
  const answer = await fetch(`${apiUrl}/me`, {
    headers: { authorization: `Bearer ${token}` },
    cache: "no-store",
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);
  if (answer?.ok) return { status: "signed in", user: ((await answer.json()) as { user: User }).user };
  return { status: answer?.status === 401 ? "signed out" : "unavailable" };
}
