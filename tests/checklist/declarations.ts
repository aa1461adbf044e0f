/**
 * What both apps declare. `BACKEND` is the auth backend, `ORIGIN` the app's own origin, `CACHE_TTL` in seconds.
 *
 * @module
 */
import { type AuthBackendOptions, authBackend } from "httponly/server";

const { BACKEND = "http://127.0.0.1:9", ORIGIN = "http://localhost:3000", CACHE_TTL = "300" } = process.env;

export const backend = (clientAddress?: AuthBackendOptions["clientAddress"]) =>
  authBackend({
    url: BACKEND,
    origin: ORIGIN,
    cookie: "codex-session",
    cacheTtl: Number(CACHE_TTL),
    timeout: 2000,
    ...(clientAddress && { clientAddress }),
  });
