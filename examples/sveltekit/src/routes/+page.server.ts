import { getCookie } from "httponly";
import { decodeToken } from "httponly/server";
import { TOKEN } from "$lib/api.server";
import type { PageServerLoad } from "./$types";

const FAILURES: Record<string, string> = {
  failed: "No user has this email and password.",
  unavailable: "The API does not answer.",
};

/** What the page may know: the visitor's name, and when the session ends. Never the token. */
export const load: PageServerLoad = ({ request, url }) => {
  const cookies = request.headers.get("cookie") ?? "";
  const exp = decodeToken(getCookie(TOKEN, { cookies }) ?? "")?.exp;
  const theme = getCookie("theme", { cookies });
  return {
    visitor: getCookie("visitor", { cookies }),
    theme: theme === "light" || theme === "dark" ? theme : "auto",
    sessionEnds: exp === undefined ? null : new Date(exp * 1000).toISOString(),
    failure: FAILURES[url.searchParams.get("signin") ?? ""] ?? null,
  };
};
