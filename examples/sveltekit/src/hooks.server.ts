import type { Handle } from "@sveltejs/kit";
import { getCookie } from "httponly";

/** The theme stands in the first byte of the page, so that a dark page never flashes white. */
export const handle: Handle = ({ event, resolve }) => {
  const theme = getCookie("theme", { cookies: event.request.headers.get("cookie") ?? "" });
  const known = theme === "light" || theme === "dark" ? theme : "auto";
  return resolve(event, { transformPageChunk: ({ html }) => html.replace("%theme%", known) });
};
