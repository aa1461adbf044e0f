/**
 * Magic links: GET shows a page, whose form POSTs. So a mail scanner that follows the link does not use it up.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";
import { type Reply, readPlan, toResponse } from "./auth/exchange.ts";

/** Answers the link of a mail: the app's page that asks, or one of this package's own. */
export function showLink(url: string, page: string | undefined, head: boolean): Response {
  const plan = readPlan(callWasm((m) => m.showLink(url, page, head))) as { reply: Reply };
  return toResponse(plan.reply);
}
