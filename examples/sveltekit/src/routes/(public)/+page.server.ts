import { getCookie } from "httponly";
import { apiUrl } from "$lib/api.server";
import type { PageServerLoad } from "./$types";

const FAILURES: Record<string, string> = {
  failed: "No user has this email and password.",
  unavailable: "The API does not answer.",
};

/** What the page may know: who the visitor is, and when the session ends. Never the token. */
export const load: PageServerLoad = async ({ request, url, locals, fetch }) => {
  const cookies = request.headers.get("cookie") ?? "";
  // handleFetch (src/hooks.server.ts) adds the visitor's token; without one there is nobody to ask for.
  const me = locals.sessionEnds ? await fetch(`${apiUrl}/me`) : undefined;
  return {
    visitor: getCookie("visitor", { cookies }),
    sessionEnds: locals.sessionEnds,
    name: me?.ok ? ((await me.json()) as { user: { name: string } }).user.name : null,
    failure: FAILURES[url.searchParams.get("signin") ?? ""] ?? null,
  };
};
