/**
 * Calling the backend, and asking the rules about its answer.
 *
 * @module
 */
import { escaped } from "../../wasm/message.ts";
import { type AuthExchangeBinding, callWasm } from "../../wasm/server.ts";
import { splitSetCookie } from "../cookies.ts";
import { headersFor } from "../headers.ts";
import { memo } from "../memo.ts";
import { RETRY_AFTER, refused, withCause, withHeaders } from "../refusal.ts";
import { NULL_BODY } from "../stream.ts";
import { readAnswer } from "./body.ts";
import type { Declared } from "./declared.ts";
import { type Forward, type Outcome, readOutcome } from "./exchange.ts";
import type { SessionAnswer } from "./types.ts";

const isJson = memo(256, (contentType) => callWasm((m) => m.isJson(contentType)));

/** A request on its way, and what the rules say of it. */
export interface Exchange {
  readonly declared: Declared;
  readonly request: Request;
  readonly platform: unknown;
  /** The backend's URL. */
  readonly backend: string;
  readonly binding: AuthExchangeBinding;
}

/** An answer, or that there is none, and what is known beside it. */
export interface Answered {
  plan: Forward;
  /** The URL that was requested. */
  target: string;
  response: Response | undefined;
  /** Whose the request was before. */
  before?: SessionAnswer | undefined;
  /** Content types and bodies that were sent, in turns. */
  sent?: string[];
  /** Whether it answers a question of the handler's own. */
  aside?: boolean;
}

/** Asks the rules about an answer. */
export async function outcomeOf(exchange: Exchange, answered: Answered): Promise<Outcome> {
  const { declared, binding } = exchange;
  const { plan, target, response, before, sent = [], aside = false } = answered;
  const { status = 0, headers = new Headers(), body } = response ?? {};
  const json = status < 500 && !!body && !NULL_BODY.has(status) && isJson(headers.get("content-type") ?? "");
  const text = json ? await readAnswer(response as Response) : undefined;
  const now = Date.now();
  const unknown = before?.status === "unavailable" || before?.status === "rejected";
  const flag = (is: boolean) => (is ? "1" : "0");
  const user = before?.user?.id;
  const facts = [
    status,
    now,
    flag(declared.cache.isLate(plan.handles, now)),
    flag(aside),
    flag(unknown),
    user === undefined ? "0" : `1\n${escaped(user)}`,
    target,
    flag(json),
  ];
  let head = facts.join("\n");
  for (const [name, value] of headers) if (name !== "set-cookie") head += `\n${name}\n${value}`;
  for (const line of splitSetCookie(headers)) head += `\nset-cookie\n${line}`;
  const outcome = readOutcome(callWasm(() => declared.binding.response(binding, head, text, sent)));
  const passes = outcome.reply?.body === "backend";
  if (body && !json && !passes) await body.cancel().catch(() => {});
  return outcome;
}

/** The refusal where the backend gave no answer, or one that may not pass. */
export async function nobody(request: Request, response?: Response): Promise<never> {
  await response?.body?.cancel().catch(() => {});
  if (request.signal.aborted) throw refused("client-gone");
  throw withHeaders(refused("backend-away"), { ...headersFor("session"), "retry-after": RETRY_AFTER });
}

/**
 * Sends a request for a visitor, and reads the answer: nothing if there is none in time, or nobody who waits for it. The
 * time is over once the answer is read: what is read whole has to be there by then, and what is streamed takes its own.
 */
export async function reach<T>(
  { declared, request, platform }: Exchange,
  target: string,
  init: RequestInit,
  read: (response: Response | undefined, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const leave = () => abort.abort();
  // What changes sessions goes on without its visitor: when it is done has to be known, or an entry would outlive it.
  const reads = request.method === "GET" || request.method === "HEAD";
  if (reads) request.signal.addEventListener("abort", leave, { once: true });
  const clock = setTimeout(leave, declared.timeout);
  try {
    if (request.signal.aborted) leave();
    const { signal } = abort;
    let cause: unknown;
    const response = await declared
      .call(target, { ...init, redirect: "manual", signal }, platform)
      .catch((thrown: unknown) => {
        cause = thrown;
        return undefined;
      });
    try {
      return await read(response, signal);
    } catch (thrown) {
      throw cause === undefined ? thrown : withCause(thrown, cause);
    }
  } finally {
    clearTimeout(clock);
  }
}
