"use server";

import { requestCookies, setCookies } from "httponly/next";
import { decodeToken, getRequestCookies, serializeSetCookie } from "httponly/server";
import { redirect } from "next/navigation";
import { apiUrl, TOKEN } from "../lib/api";
import { forget } from "../lib/session";

const COOKIE = { httpOnly: true, secure: true, sameSite: "Lax", path: "/" } as const;

/**
 * Signs in at the API. The token goes from the API into an HttpOnly cookie and nowhere else: the page learns what went
 * wrong, or is rendered anew. Works without JavaScript.
 */
export async function signIn(_: string | null, form: FormData): Promise<string | null> {
  const answer = await fetch(`${apiUrl}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: form.get("email"), password: form.get("password") }),
    signal: AbortSignal.timeout(5000),
  }).catch(() => undefined);
  if (answer?.status === 401) return "No user has this email and password.";
  if (!answer?.ok) return "The API does not answer. Nothing was changed.";

  const { access_token } = (await answer.json()) as { access_token: string };
  const exp = decodeToken(access_token)?.exp;
  const expires = exp === undefined ? undefined : new Date(exp * 1000);
  await setCookies(serializeSetCookie(TOKEN, access_token, { ...COOKIE, expires }));
  redirect("/");
}

/** Signs out: the cookie goes, and so does what the server remembered. */
export async function signOut(): Promise<void> {
  const token = getRequestCookies(await requestCookies())[TOKEN];
  if (token) forget(token);
  await setCookies(serializeSetCookie(TOKEN, "", { ...COOKIE, maxAge: 0 }));
  redirect("/");
}
