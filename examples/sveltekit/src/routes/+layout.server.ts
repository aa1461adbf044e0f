import { getCookie } from "httponly";
import { env } from "$env/dynamic/private";
import type { LayoutServerLoad } from "./$types";

/** What every page may know: who is signed in, never by which token. */
export const load: LayoutServerLoad = ({ request, locals }) => {
  const theme = getCookie("theme", { cookies: request.headers.get("cookie") ?? "" });
  return {
    user: locals.user,
    session: locals.session,
    status: locals.sessionStatus,
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    /** Where the demo shows the mails that it sends. */
    outbox: env.OUTBOX_URL ?? null,
  };
};
