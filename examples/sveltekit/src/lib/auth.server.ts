import { authBackend, type GuardRefusal, guard } from "httponly/server";
import { accountActions, clientAddress } from "httponly/sveltekit";
import { env } from "$env/dynamic/private";
import errorHtml from "../error.html?raw";

/** The authentication backend: a server of its own, whose paths this app serves below /api/auth. */
export const auth = authBackend({
  url: env.AUTH_URL || "http://127.0.0.1:8789",
  cookie: "codex-session",
  ...(env.ORIGIN && { origin: env.ORIGIN }),
  clientAddress,
  // The link of a mail leads to a page with a button: what scans mails for bad links presses none.
  pages: { magicLink: "/magic-link" },
});

const REASONS: Record<number, string> = {
  403: "This is not for your account",
  503: "Signing in is not possible right now. Try again in a few seconds.",
};

/** The page of a visit that the guard ends: the one that SvelteKit itself shows where nothing else can be shown. */
function errorPage({ status, error }: GuardRefusal) {
  const html = errorHtml
    .replaceAll("%sveltekit.status%", String(status))
    .replaceAll("%sveltekit.error.message%", REASONS[status] ?? error.message);
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}

/** Who may see what: for pages, their data, their form actions, and endpoints alike. */
export const guards = guard(
  {
    "(public)": "public",
    // Endpoints that judge for themselves, or have nothing to hide.
    "/api/proxy": "public",
    "/.nordcraft": "public",
    "/api-login": "public",
    "/api-logout": "public",
    "/received": "public",
    "(studio)": { role: ["creator", "admin"] },
    "/login": "signed-out",
    "/register": "signed-out",
  },
  { otherwise: "signed-in", home: "/library", errorPage },
);

/** Every form of an account, as SvelteKit form actions. */
export const flows = accountActions(auth, { pages: { home: "/library", reset: "/reset" } });
