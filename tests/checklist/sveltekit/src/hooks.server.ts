import { handle as session } from "httponly/sveltekit";
import { auth } from "./lib/auth.server.ts";

const guarded = session(auth);
export const handle = ({ event, resolve }) =>
  guarded({
    event,
    resolve: (event) => {
      if (!event.url.pathname.startsWith("/library") || event.locals.user) return resolve(event);
      if (event.locals.sessionStatus === "unavailable")
        return new Response(JSON.stringify({ error: { code: "unavailable", message: "" } }), {
          status: 503,
          headers: { "retry-after": "5" },
        });
      return new Response(null, { status: 303, headers: { location: "/login" } });
    },
  });
