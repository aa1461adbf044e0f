import { randomUUID } from "node:crypto";
import { passOn } from "httponly/next";
import { getRequestCookies, serializeSetCookie } from "httponly/server";
import type { NextRequest } from "next/server";

/** Gives every visitor an id that scripts cannot read, and that the page knows in its very first answer. */
export function proxy(request: NextRequest) {
  if (getRequestCookies(request).visitor) return passOn(request);
  const visitor = serializeSetCookie("visitor", randomUUID(), {
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: "/",
    maxAge: 30 * 86_400,
  });
  return passOn(request, [visitor]);
}

export const config = { matcher: "/" };
