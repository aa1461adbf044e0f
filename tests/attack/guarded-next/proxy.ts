import { guard, sessionProxy } from "httponly/next";
import type { Access } from "httponly/server";
import { auth } from "./lib/auth";

const staff: Access = { role: ["creator", "admin"] };
const tables: Record<string, Record<string, Access>> = {
  open: { "/notes/internal": staff, "/old/special": staff, "/library": "signed-in", "/login": "signed-out" },
  closed: { "/notes": "public", "/plain.txt": "public", "/feed.json": "public", "/login": "signed-out" },
  mistaken: {
    "(members)": "signed-in",
    "/librry": "signed-in",
    "/notes/internal": staff,
    "/login": "signed-out",
  },
};
const table = process.env.TABLE ?? "open";

export const proxy = sessionProxy(auth, {
  guard: guard(tables[table] ?? {}, { otherwise: table === "closed" ? "signed-in" : "public" }),
});
export const config = { matcher: ["/", "/((?!_next/|favicon\\.ico).*)"] };
