import type { Handle } from "@sveltejs/kit";
import { sequence } from "@sveltejs/kit/hooks";
import { getCookie } from "httponly";
import { decodeToken } from "httponly/server";
import { proxyHandleFetch, sessionHandle } from "httponly/sveltekit";
import { apiUrl, TOKEN } from "$lib/api.server";
import { auth, guards } from "$lib/auth.server";

const page: Handle = ({ event, resolve }) => {
  const cookies = event.request.headers.get("cookie") ?? "";
  // Only when the cookie ends: whether the token is good is for the API to say.
  const exp = decodeToken(getCookie(TOKEN, { cookies }) ?? "")?.exp;
  event.locals.sessionEnds = exp === undefined ? null : new Date(exp * 1000).toISOString();
  // The theme stands in the first byte of the page, so that a dark page never flashes white.
  const theme = getCookie("theme", { cookies });
  const known = theme === "light" || theme === "dark" ? theme : "auto";
  return resolve(event, { transformPageChunk: ({ html }) => html.replace("%theme%", known) });
};

/** Who is signed in and who may pass, before anything else looks at the request. */
export const handle = sequence(sessionHandle(auth, { guard: guards }), page);

/** What a load fetches during SSR goes to the API with the visitor's token, as it does through the proxy. */
export const handleFetch = proxyHandleFetch({
  targets: { api: { url: apiUrl, authorization: { bearer: TOKEN } } },
});
