import { guard } from "httponly/server";
import { handle as session } from "httponly/sveltekit";
import { auth } from "./lib/auth.server.ts";

export const handle = session(auth, { guard: guard({ "/library": "signed-in", "/login": "signed-out" }) });
