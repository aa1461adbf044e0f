// The API and the authentication backend behind the app: a real server, on 127.0.0.1.
import { createServer } from "node:http";

export const TOKEN = "secret-token";
export const SESSION = "session-token.signature";

const USER = { id: "u1", email: "ada@example.com", name: "Ada", emailVerified: true };

/** @returns its origin; `release` lets the event stream send its second event */
export async function startUpstream() {
  let release = () => {};
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://upstream");
    if (pathname === "/api/auth/get-session") {
      const signedIn = request.headers.cookie?.includes(`better-auth.session_token=${SESSION}`);
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      response.setHeader("content-type", "application/json");
      return response.end(
        JSON.stringify(signedIn ? { user: USER, session: { id: "s1", userId: "u1", expiresAt } } : null),
      );
    }
    if (pathname === "/me")
      return response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ authorized: request.headers.authorization === `Bearer ${TOKEN}` }));
    if (pathname === "/echo") {
      const parts = [];
      for await (const part of request) parts.push(part);
      return response.writeHead(200, { "content-type": "text/plain" }).end(Buffer.concat(parts));
    }
    if (pathname === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      release = () => response.end("data: second\n\n");
      return;
    }
    response.writeHead(404).end();
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    release: () => release(),
    close() {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
