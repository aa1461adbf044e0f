import { clientAddress, route } from "httponly/next";
import { apiProxy } from "httponly/server";
import { apiUrl, TOKEN } from "../../../../lib/api";
import { sessionOf } from "../../../../lib/session";

/** How many proxies stand in front of Next and append to X-Forwarded-For; 0 for none. */
const trustProxy = Number(process.env.TRUST_PROXY ?? 0);

/** The chat of the API, with the token that only this server can read. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(
  apiProxy({
    mount: "/api/chatkit",
    origin: process.env.ORIGIN,
    ...(trustProxy > 0 && { clientAddress: clientAddress({ trustProxy }) }),
    heartbeat: 15_000,
    bodyLimit: 64 * 1024,
    target: {
      url: `${apiUrl}/chatkit`,
      authorization: { bearer: TOKEN },
      methods: ["POST"],
      // Hints, which the page may choose.
      forwardHeaders: ["x-page-url", "x-page-title", "x-project-id"],
      // Who the user is, which the page may not choose.
      headers: { "x-user-id": userId },
    },
  }),
);

async function userId(request: Request): Promise<string | undefined> {
  const session = await sessionOf(request);
  return session.status === "signed in" ? session.user.id : undefined;
}
