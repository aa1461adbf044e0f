import { route } from "httponly/next";
import { cookieEndpoint } from "httponly/server";
import { TOKEN } from "../../../../lib/api";

/** Where `setHttpOnlyCookie` sends its cookies. The API's token and the session are not the page's to set. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(
  cookieEndpoint({ origin: process.env.ORIGIN, reserved: [TOKEN, "visitor", "codex-session", "codex.*"] }),
);
