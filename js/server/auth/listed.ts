/**
 * A session that the page names by its identifier: the backend's list of sessions has its token.
 *
 * @module
 */
import { Reader } from "../../wasm/message.ts";
import { callWasm } from "../../wasm/server.ts";
import { headersFor } from "../headers.ts";
import { withHeaders } from "../refusal.ts";
import { readAnswer } from "./body.ts";
import { type Exchange, nobody, outcomeOf, reach } from "./call.ts";
import { type Forward, toResponse } from "./exchange.ts";

/** The backend's body that names the session; nothing where the request passes as it is; or the answer that refuses. */
export async function bodyOf(
  exchange: Exchange,
  plan: Forward,
  text: string,
): Promise<string | Response | undefined> {
  const { declared, request, binding } = exchange;
  let message: string | undefined;
  try {
    message = callWasm(() => declared.binding.listed(binding, text));
  } catch (thrown) {
    throw withHeaders(thrown, headersFor("session"));
  }
  if (message === undefined) return undefined;
  const reader = new Reader(message);
  const [url, member, id] = [reader.line(), reader.line(), reader.text()];
  const headers = reader.pairs();
  const list = reader.rest();
  const init = list === "" ? { headers } : { method: "POST", headers, body: list };
  return reach(exchange, url, init, async (response) => {
    if (response === undefined || response.status >= 500) return nobody(request, response);
    const refuse = async (answer: Response) => {
      const { reply } = await outcomeOf(exchange, { plan, target: url, response: answer, aside: true });
      return reply === undefined ? nobody(request, answer) : toResponse(reply, answer.body);
    };
    if (!response.ok) return refuse(response);
    const said = (await readAnswer(response)) ?? "";
    // What is no list of the user's has no session of the user's.
    return callWasm((m) => m.sessionBody(said, id, member)) ?? refuse(unknownSession());
  });
}

/** The answer for a session that is not in the user's list, in the backend's own shape. */
function unknownSession(): Response {
  const body = { code: "SESSION_NOT_FOUND", message: "there is no such session" };
  return Response.json(body, { status: 404 });
}
