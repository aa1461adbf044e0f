import { accountActions, clientAddress, guard, session } from "httponly/next";
import { authBackend } from "httponly/server";

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

/** Who may see what. */
export const guards = guard({
  "/login": "signed-out",
  "/register": "signed-out",
  "/library": "signed-in",
  "/account": "signed-in",
  "/studio": { role: ["creator", "admin"] },
});

/** Every flow of an account as the body of a server action. */
export const flows = accountActions(auth, { pages: { home: "/library" } });

/** Whose the request is that is being answered. */
export const who = () => session(auth);
