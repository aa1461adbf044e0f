import { randomUUID } from "node:crypto";
import { nextWithCookies, sessionProxy } from "httponly/next";
import { getRequestCookies, serializeSetCookie } from "httponly/server";
import type { NextRequest } from "next/server";
import { auth, rules } from "./lib/auth";

const account = sessionProxy(auth, { guard: rules });

/** The chat's page gives ids to its visitors; the account's pages have sessions and a guard. */
export function proxy(request: NextRequest) {
  return request.nextUrl.pathname === "/" ? withVisitor(request) : account(request);
}

/** Gives every visitor an id that scripts cannot read, and that the page knows in its very first answer. */
function withVisitor(request: NextRequest) {
  if (getRequestCookies(request).visitor) return nextWithCookies(request);
  const visitor = serializeSetCookie("visitor", randomUUID(), {
    httpOnly: true,
    secure: true,
    sameSite: "Lax",
    path: "/",
    maxAge: 30 * 86_400,
  });
  return nextWithCookies(request, [visitor]);
}

export const config = { matcher: ["/((?!_next/|api/|\\.nordcraft/|favicon\\.ico).*)"] };
