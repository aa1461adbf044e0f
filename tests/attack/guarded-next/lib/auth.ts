import { authBackend } from "httponly/server";

export const auth = authBackend({
  url: () => process.env.AUTH_URL ?? "",
  cookie: "codex-session",
  origin: process.env.ORIGIN,
});
