import { type Access, guard } from "httponly/server";
import { sessionHandle } from "httponly/sveltekit";
import { env } from "$env/dynamic/private";
import { auth } from "$lib/auth.server";

const staff: Access = { role: ["creator", "admin"] };
/** Keys that reach into a parameter. */
const reaching = {
  "/wiki/internal": staff,
  "/users/admin": staff,
  "/docs/item-secret": staff,
  "/pairs/top-secret": staff,
  "/.inner/secret": staff,
};
const tables: Record<string, Record<string, Access>> = {
  open: { ...reaching, "(authenticated)": "signed-in", "/login": "signed-out" },
  closed: { "(public)": "public", "/wiki": "public", "/feed.json": "public", "/login": "signed-out" },
  mistaken: {
    "(authentcated)": "signed-in",
    "/admin/panel": "signed-in",
    "/libary": "signed-in",
    "/users/admin": staff,
    "/login": "signed-out",
  },
};
// A build that must fail, for it makes a file of a page that is closed.
if (env.ABOUT === "signed-in") tables.open = { "(public)": "signed-in" };
const otherwise = env.TABLE === "closed" ? "signed-in" : "public";

export const handle = sessionHandle(auth, { guard: guard(tables[env.TABLE ?? "open"] ?? {}, { otherwise }) });
