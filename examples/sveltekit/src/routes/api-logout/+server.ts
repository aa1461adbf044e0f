import { error, type RequestHandler } from "@sveltejs/kit";
import { serializeSetCookie } from "httponly/server";
import { TOKEN } from "$lib/api.server";

/** Signs out where scripts are off. The page's script uses `setHttpOnlyCookie(name, "", { maxAge: 0 })` instead. */
export const POST: RequestHandler = async ({ request }) => {
  // SvelteKit compares Origin for form bodies only, so nothing else may sign anybody out.
  await request.formData().catch(() => error(415, "a form is needed"));
  return new Response(null, {
    status: 303,
    headers: {
      location: "/#api",
      "set-cookie": serializeSetCookie(TOKEN, "", {
        httpOnly: true,
        secure: true,
        sameSite: "Lax",
        path: "/",
        maxAge: 0,
      }),
      "cache-control": "private, no-store",
    },
  });
};
