import { nextWithCookies } from "httponly/next";
import type { NextRequest } from "next/server";

/** Stands before every path, so that what it adds to a request can be attacked too. */
export function proxy(request: NextRequest) {
  return nextWithCookies(request);
}
