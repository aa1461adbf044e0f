/**
 * Starts the backend on 127.0.0.1, and an OpenID provider that people may sign in with.
 *
 *   PORT              8789
 *   PROVIDER_PORT     8790
 *   DATABASE_URL      PostgreSQL, `postgres://user:password@host/database`; in memory when absent
 *   APP_ORIGINS       the apps that it serves, with commas between them; http://localhost:5173
 *   AUTH_SECRET       signs the cookies, at least 32 characters; made at start when absent
 *   SECURE            1 makes cookies Secure, and their names begin with __Host-, or with COOKIE_DOMAIN __Secure-
 *   COOKIE_DOMAIN     their Domain, for one session on several subdomains; host-only when absent
 *   SESSION_LIFETIME  seconds; 86400
 *
 * @module
 */
import { createBackend, USERS } from "./backend.js";
import { CLIENT, createProvider, PEOPLE } from "./provider.js";

const {
  PORT = "8789",
  PROVIDER_PORT = "8790",
  DATABASE_URL,
  APP_ORIGINS,
  AUTH_SECRET,
  SECURE,
  COOKIE_DOMAIN,
  SESSION_LIFETIME,
} = process.env;
if (AUTH_SECRET !== undefined && AUTH_SECRET.length < 32) {
  console.error("AUTH_SECRET is shorter than 32 characters");
  process.exit(1);
}
const origins = APP_ORIGINS ? APP_ORIGINS.split(",") : ["http://localhost:5173"];
try {
  const provider = await createProvider({
    port: Number(PROVIDER_PORT),
    redirectUris: origins.map((origin) => `${origin}/api/auth/callback/example-id`),
  });
  const backend = await createBackend({
    port: Number(PORT),
    secure: SECURE === "1",
    hostOnly: SECURE === "1" && !COOKIE_DOMAIN,
    origins,
    provider: { issuer: provider.url, ...CLIENT },
    ...(DATABASE_URL && { databaseUrl: DATABASE_URL }),
    ...(AUTH_SECRET && { secret: AUTH_SECRET }),
    ...(COOKIE_DOMAIN && { domain: COOKIE_DOMAIN }),
    ...(SESSION_LIFETIME && { lifetime: Number(SESSION_LIFETIME) }),
  });
  console.log(`Authentication on ${backend.url}, its mails on ${backend.url}/outbox`);
  for (const { email, password, role } of USERS) console.log(`  ${email} / ${password} (${role})`);
  console.log(`Example ID, an OpenID provider, on ${provider.url}`);
  for (const { email, password } of PEOPLE) console.log(`  ${email} / ${password}`);
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => Promise.all([backend.close(), provider.close()]));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
