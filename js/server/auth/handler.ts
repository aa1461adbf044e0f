/**
 * The handler of an authentication backend's paths: reads the request, asks the rules, calls the backend, asks the rules,
 * answers.
 *
 * @module
 */
import { type AuthExchangeBinding, callWasm } from "../../wasm/server.ts";
import { headersFor } from "../headers.ts";
import { linkOriginal } from "../original-request.ts";
import { answering, withHeaders, withNames } from "../refusal.ts";
import type { Bytes } from "../stream.ts";
import { asText, readAnswer, readRequest } from "./body.ts";
import { type Exchange, nobody, outcomeOf, reach } from "./call.ts";
import { apply } from "./changes.ts";
import type { Declared } from "./declared.ts";
import { type Forward, type Reply, readPlan, toResponse } from "./exchange.ts";
import { bodyOf } from "./listed.ts";
import type { Lookup } from "./lookup.ts";

/** The handler for a declaration. */
export function handling(
  declared: Declared,
  lookup: Lookup,
): (request: Request, platform?: unknown) => Promise<Response> {
  const { cache, onError } = declared;
  return answering({ name: "authBackend", onError }, async (request, platform) => {
    try {
      return await answerTo(declared, lookup, request, platform);
    } finally {
      // Who has the answer finds it true on every instance.
      await cache.told();
    }
  });
}

async function answerTo(
  declared: Declared,
  lookup: Lookup,
  request: Request,
  platform: unknown,
): Promise<Response> {
  const given = ask(declared, request, platform);
  const { message, binding } = cross(declared, request, given);
  try {
    const plan = readPlan(message);
    const exchange = { declared, request, platform, backend: given.backend, binding };
    if (plan.kind === "form-post") return await leadOn(exchange, plan.limit);
    // What the app's own functions threw: nobody but the backend would have asked for it.
    if (given.failure) throw given.failure.thrown;
    if (plan.kind === "reply") return toResponse(plan.reply);
    return await forward(exchange, plan, lookup);
  } finally {
    binding.free();
  }
}

/** What the app's own functions say of a request, or throw. */
function ask(declared: Declared, request: Request, platform: unknown) {
  try {
    const backend = declared.backendOf(request, platform);
    return { backend, address: declared.addressOf(request, platform) };
  } catch (thrown) {
    return { backend: "", address: "", failure: { thrown } };
  }
}

/** Asks the rules about a request. */
function cross(
  { binding, headOf }: Declared,
  request: Request,
  { backend, address, failure }: ReturnType<typeof ask>,
): { message: string; binding: AuthExchangeBinding } {
  try {
    const head = headOf(request, backend, address);
    const [message, exchange] = callWasm(() => binding.request(head)) as [string, AuthExchangeBinding];
    return { message, binding: exchange };
  } catch (thrown) {
    if (failure) throw failure.thrown;
    const wrongMethod = (thrown as { status?: number }).status === 405;
    throw wrongMethod ? withHeaders(thrown, { allow: binding.allow(request.url) }) : thrown;
  }
}

/** Leads on what an OAuth provider's page POSTs: no backend hears of it, and no cookie is read. */
async function leadOn({ declared, request, binding }: Exchange, most: number): Promise<Response> {
  const limit = Math.min(declared.bodyLimit, most);
  const body = request.body ? await readRequest(request, limit) : undefined;
  const message = callWasm(() => declared.binding.formPost(binding, asText(body)));
  const plan = readPlan(message) as { reply: Reply };
  return toResponse(plan.reply);
}

/** Asks the backend, and answers with what it says. */
async function forward(exchange: Exchange, plan: Forward, lookup: Lookup): Promise<Response> {
  const { declared, request, platform, binding } = exchange;
  const prepared = await prepare(exchange, plan);
  if (prepared instanceof Response) return prepared;
  const { target, body, sent } = prepared;
  const since = Date.now();
  const before = plan.asksFirst ? await lookup.getSession(request, platform) : undefined;
  const init: RequestInit = { method: plan.method, headers: prepared.headers };
  if (body !== undefined) init.body = body;
  return reach(exchange, target, init, async (first, signal) => {
    const response = plan.renews ? await renewed(exchange, first, { target, plan, signal }) : first;
    const said = await outcomeOf(exchange, { plan, target, response, before, sent });
    const arrived = apply(declared.cache, said.changes, plan.handles, since);
    if (said.misnamed !== undefined) throw misnamed(declared, said.misnamed);
    if (arrived !== undefined) await forgetArrival(exchange, lookup, arrived);
    if (said.reply === undefined) return nobody(request, response);
    return toResponse(said.reply, response?.body, before?.setCookies);
  });

  /** What goes to the backend, where the body of the request has to be known for that. */
  async function prepare({ request }: Exchange, plan: Forward) {
    let body: Bytes | string | undefined = request.body
      ? await readRequest(request, declared.bodyLimit)
      : undefined;
    const text = asText(body);
    let target = plan.url;
    const headers = new Headers(plan.headers);
    const sent = plan.readsBody ? [request.headers.get("content-type") ?? "", text] : [];
    if (plan.special === "use-link") {
      target = callWasm(() => declared.binding.useLink(binding, text));
      body = undefined;
    } else if (plan.special === "revoke") {
      const found = await bodyOf(exchange, plan, text);
      if (found instanceof Response) return found;
      if (found !== undefined) {
        body = found;
        headers.set("content-type", "application/json");
        sent.push("application/json", found);
      }
    }
    return { target, headers, body, sent };
  }
}

/** A session that the backend renews by POST only is renewed, where the page asks whose it is. */
async function renewed(
  { declared, platform }: Exchange,
  response: Response | undefined,
  { target, plan, signal }: { target: string; plan: Forward; signal: AbortSignal },
): Promise<Response | undefined> {
  if (response?.status !== 200) return response;
  const said = (await readAnswer(response)) ?? "";
  const wants = callWasm((m) => m.readSessionAnswer(200, said, Date.now(), 0)).at(-1) === "1";
  const init: RequestInit & { signal: AbortSignal } = {
    method: "POST",
    headers: plan.headers,
    redirect: "manual",
    signal,
  };
  const again = wants ? await declared.call(target, init, platform).catch(() => undefined) : undefined;
  if (again?.ok) return again;
  await again?.body?.cancel().catch(() => {});
  return new Response(said, { status: 200, headers: response.headers });
}

/** Forgets the sessions of the user who has just been signed in, whom the session of this `Cookie` header tells. */
async function forgetArrival(exchange: Exchange, lookup: Lookup, cookie: string): Promise<void> {
  const { declared, request, platform, backend } = exchange;
  const made = new Request(request.url, { headers: { cookie } });
  linkOriginal(made, request);
  const { id } = await lookup.ask(made, platform, backend);
  if (id === undefined) declared.cache.clear();
  else declared.cache.dropUser(id);
}

/** The refusal of an answer whose session no request would be known by: without it, signing in would lead to itself. */
function misnamed({ cookieName }: Declared, name: string): unknown {
  try {
    callWasm((m) => m.sessionMisnamed());
    return undefined;
  } catch (thrown) {
    const hint = `the authentication backend set the cookie ${JSON.stringify(name)}, and authBackend's option \`cookie\` is ${JSON.stringify(cookieName)}`;
    return withHeaders(withNames(thrown as Error, { cookie: name, hint }), headersFor("session"));
  }
}
