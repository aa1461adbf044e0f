import { error, json, type RequestHandler } from "@sveltejs/kit";
import { decodeToken, serializeSetCookie } from "httponly/server";
import { apiUrl, TOKEN } from "$lib/api.server";

interface Login {
  access_token: string;
  user: { id: string; email: string; name: string };
}

/**
 * Signs in at the API. The token goes from the API into an HttpOnly cookie and nowhere else: the page learns who the
 * user is and when the cookie ends. A plain form gets a redirect, the page's script (Accept: application/json) JSON.
 */
export const POST: RequestHandler = async ({ request }) => {
  const script = request.headers.get("accept")?.includes("application/json") ?? false;
  const form = await request.formData().catch(() => error(415, "a form is needed"));
  const answer = await fetch(`${apiUrl}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: form.get("email"), password: form.get("password") }),
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);

  if (!answer?.ok) {
    const refused = answer?.status === 401;
    const message = refused ? "No user has this email and password." : "The API does not answer.";
    if (script)
      return json(
        { error: { code: refused ? "signin-failed" : "unavailable", message } },
        { status: refused ? 401 : 502 },
      );
    return new Response(null, {
      status: 303,
      headers: { location: `/?signin=${refused ? "failed" : "unavailable"}#api` },
    });
  }

  const { access_token, user } = (await answer.json()) as Login;
  const exp = decodeToken(access_token)?.exp;
  const expires = exp === undefined ? undefined : new Date(exp * 1000);
  const headers = {
    "set-cookie": serializeSetCookie(TOKEN, access_token, {
      httpOnly: true,
      secure: true,
      sameSite: "Lax",
      path: "/",
      ...(expires && { expires }),
    }),
    "cache-control": "private, no-store",
  };
  if (script) return json({ user, expires: expires?.toISOString() ?? null }, { headers });
  return new Response(null, { status: 303, headers: { ...headers, location: "/#api" } });
};
