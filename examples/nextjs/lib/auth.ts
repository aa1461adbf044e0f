import { accountActions, clientAddress, guard, requestCookies, session } from "httponly/next";
import { authBackend } from "httponly/server";
import { refused } from "./refused";

/** How many proxies stand in front of Next and append to X-Forwarded-For; 0 for none. */
const trustProxy = Number(process.env.TRUST_PROXY ?? 0);

/** The authentication backend: a server of its own, whose paths this app serves below /api/auth. */
export const auth = authBackend({
  url: process.env.AUTH_URL || "http://127.0.0.1:8789",
  cookie: "codex-session",
  origin: process.env.ORIGIN,
  pages: { magicLink: "/magic-link" },
  ...(trustProxy > 0 && { clientAddress: clientAddress({ trustProxy }) }),
});

/** Who may see what; what is not named is for those who are signed in. */
export const rules = guard(
  {
    "/login": "signed-out",
    "/register": "signed-out",
    "/forgot": "public",
    "/reset": "public",
    "/verify": "public",
    "/magic-link": "public",
    "/studio": { role: ["creator", "admin"] },
  },
  { otherwise: "signed-in", home: "/library", errorPage: refused },
);

/** Every flow of an account as the body of a server action. */
export const flows = accountActions(auth, {
  pages: { home: "/library", signedOut: "/login", reset: "/reset" },
});

/** Whose the request is that is being answered. */
export const who = () => session(auth);

/** A session of the user, as the backend lists it; the handler takes its token out. */
export interface Device {
  id: string;
  createdAt: string;
  userAgent?: string | null;
  ipAddress?: string | null;
}

/** Where the user is signed in, the newest first; undefined while the backend does not say. */
export async function devices(): Promise<Device[] | undefined> {
  const answer = await auth.handler(
    new Request(`${auth.origin ?? "http://localhost"}${auth.basePath}/list-sessions`, {
      headers: { cookie: await requestCookies(), "x-httponly": "1" },
    }),
  );
  if (!answer.ok) return undefined;
  const list = (await answer.json()) as Device[];
  return list.sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}
