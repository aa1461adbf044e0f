/**
 * What both apps declare. `BACKEND` is the auth backend, `ORIGIN` the app's own origin, `CACHE_TTL` in
 * seconds, `TIMEOUT` in milliseconds.
 *
 * @module
 */
import { type AuthBackendOptions, authBackend } from "httponly/server";

const { BACKEND = "http://127.0.0.1:9", ORIGIN = "http://localhost:3000" } = process.env;
const { CACHE_TTL = "300", TIMEOUT = "5000" } = process.env;

export const backend = (clientAddress?: AuthBackendOptions["clientAddress"]) =>
  authBackend({
    url: BACKEND,
    origin: ORIGIN,
    cookie: "codex-session",
    cacheTtl: Number(CACHE_TTL),
    timeout: Number(TIMEOUT),
    ...(clientAddress && { clientAddress }),
  });
