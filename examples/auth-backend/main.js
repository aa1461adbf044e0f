/**
 * Starts the backend on 127.0.0.1.
 *
 *   PORT              8789
 *   APP_ORIGINS       the apps that it serves, with commas between them; http://localhost:5173
 *   AUTH_SECRET       signs the cookies, at least 32 characters; made at start when absent
 *   SECURE            1 makes cookies Secure, and their names begin with __Secure-
 *   COOKIE_DOMAIN     their Domain, for one session on several subdomains; host-only when absent
 *   SESSION_LIFETIME  seconds; 86400
 *
 * @module
 */
import { createBackend, USERS } from "./backend.js";

const { PORT = "8789", APP_ORIGINS, AUTH_SECRET, SECURE, COOKIE_DOMAIN, SESSION_LIFETIME } = process.env;
if (AUTH_SECRET !== undefined && AUTH_SECRET.length < 32) {
  console.error("AUTH_SECRET is shorter than 32 characters");
  process.exit(1);
}
try {
  const backend = await createBackend({
    port: Number(PORT),
    secure: SECURE === "1",
    ...(APP_ORIGINS && { origins: APP_ORIGINS.split(",") }),
    ...(AUTH_SECRET && { secret: AUTH_SECRET }),
    ...(COOKIE_DOMAIN && { domain: COOKIE_DOMAIN }),
    ...(SESSION_LIFETIME && { lifetime: Number(SESSION_LIFETIME) }),
  });
  console.log(`Authentication on ${backend.url}, its mails on ${backend.url}/outbox`);
  for (const { email, password, role } of USERS) console.log(`  ${email} / ${password} (${role})`);
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, backend.close);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
