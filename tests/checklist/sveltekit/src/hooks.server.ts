import { guard } from "httponly/server";
import { sessionHandle } from "httponly/sveltekit";
import { auth } from "./lib/auth.server.ts";

export const handle = sessionHandle(auth, {
  guard: guard({ "/library": "signed-in", "/login": "signed-out" }),
});
