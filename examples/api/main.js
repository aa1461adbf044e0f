/**
 * Starts the API on 127.0.0.1.
 *
 *   PORT            8788
 *   API_SECRET      the HS256 key, at least 32 characters; made at start when absent
 *   TOKEN_LIFETIME  seconds that a token is good for; 3600
 *   CHAT_PACE       milliseconds between two words of the chat; 60
 *
 * @module
 */
import { createApi, USERS } from "./api.js";

const { PORT = "8788", API_SECRET, TOKEN_LIFETIME = "3600", CHAT_PACE = "60" } = process.env;
if (API_SECRET !== undefined && API_SECRET.length < 32) {
  console.error("API_SECRET is shorter than 32 characters");
  process.exit(1);
}
const server = createApi({
  lifetime: Number(TOKEN_LIFETIME),
  pace: Number(CHAT_PACE),
  ...(API_SECRET && { secret: new TextEncoder().encode(API_SECRET) }),
});
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
server.listen(Number(PORT), "127.0.0.1", () => {
  console.log(`API on http://127.0.0.1:${server.address().port}`);
  for (const { email, password } of USERS) console.log(`  ${email} / ${password}`);
});
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
