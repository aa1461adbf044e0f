import { json, type RequestHandler } from "@sveltejs/kit";
import { getRequestCookies } from "httponly/server";

/** The names of the cookies that this request brought. Names only: an HttpOnly value must not reach the page. */
export const GET: RequestHandler = ({ request }) =>
  json(
    { names: Object.keys(getRequestCookies(request)) },
    { headers: { "cache-control": "private, no-store" } },
  );
