/**
 * Magic links: GET shows a page, whose form POSTs. So a mail scanner that follows the link does not use it up.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";
import { headersFor } from "./headers.ts";

/** Answers the link of a mail: the app's page that asks, or one of this package's own. */
export function showLink(url: string, page: string | undefined, head: boolean): Response {
  const { pathname, search } = new URL(url);
  const query = search.slice(1);
  const headers: Record<string, string> = {
    ...headersFor("link-page"),
  };
  if (page !== undefined) {
    headers.location = callWasm((m) => m.linkLocation(page, query));
    return new Response(null, { status: 303, headers });
  }
  const [html, name, policy] = callWasm((m) => m.linkPage(pathname, query)) as [string, string, string];
  headers["content-type"] = "text/html; charset=utf-8";
  return new Response(head ? null : html, { headers: { ...headers, [name]: policy } });
}
