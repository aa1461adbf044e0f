import { authBackend } from "httponly/server";
import { clientAddress } from "httponly/sveltekit";
import { env } from "$env/dynamic/private";

export const auth = authBackend({ url: () => env.AUTH_URL ?? "", cookie: "codex-session", clientAddress });
