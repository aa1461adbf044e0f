/**
 * The cookie endpoint: sets the cookies that a page may spend but never read.
 *
 * @module
 */
import { HttpOnlyError } from "../errors.ts";
import { callWasm, declaredUrl, texts } from "../wasm/server.ts";
import { headersFor } from "./headers.ts";
import { kindOf, type Names, ownFunction, ownOptions } from "./options.ts";
import { prove } from "./origin.ts";
import { isTooLarge } from "./proxy/body.ts";
import { answering, type OnError, refused, withHeaders } from "./refusal.ts";
import { reserved } from "./reserved.ts";
import { encode as encodeUtf8 } from "./utf8.ts";

/** Options of {@link cookieEndpoint}. */
export interface CookieEndpointOptions {
  /** The only names that may be set; by default all but the reserved ones. */
  names?: readonly string[] | undefined;
  /**
   * Parent domains that a call may name as `domain`: `example.com`, for cookies that all its subdomains get. By default
   * none: the Domain is the host.
   */
  domains?: readonly string[] | undefined;
  /**
   * More names that are never set, nor with the prefix `__Secure-` or `__Host-`, nor the parts of a large one, `name.0`;
   * `shop.*` stands for all that begin so. Never set in any case are `better-auth.*`, the cookies of every
   * {@link authBackend} that this process has made, and `__Http-` and `__Host-Http-` names. List your session cookie here
   * where the endpoint may run in a process that makes no `authBackend`.
   */
  reserved?: readonly string[] | undefined;
  /**
   * Takes a GET that only proves to be a `fetch` of the own origin, without the header `x-httponly: 1`: for an app whose
   * own old client sends it so. Default false.
   *
   * **Whoever can bring markup into a page of the app can then set the cookies of this endpoint**: a
   * `<link rel=preload as=fetch crossorigin>` looks like a `fetch`. Declare `names`, and leave this out where you can.
   */
  bareGet?: boolean | undefined;
  /** The app's own origin, for servers behind TLS; by default that of the request. Its host is the Domain. */
  origin?: string | undefined;
  /** Takes the shape of the other handlers' option; setting a cookie needs no address. */
  clientAddress?: ((request: Request, platform?: unknown) => string | undefined) | undefined;
  /** Is told of every refusal and failure. */
  onError?: OnError | undefined;
}

const NAMES: Names<CookieEndpointOptions> = {
  names: true,
  domains: true,
  reserved: true,
  bareGet: true,
  origin: true,
  clientAddress: true,
  onError: true,
};
const RESERVED = ["better-auth.*"];

/**
 * The handler behind `setHttpOnlyCookie` and `setSessionCookies`. Mount it at `/.nordcraft/cookies/set-cookie`,
 * `/.toddle/cookies/set-cookie` and `/.toddle/cookies/set-session-cookie`, or anywhere with `configure`.
 *
 * It answers GET (fields in the query) and POST (JSON or form) of the own origin with 200, an empty body and one
 * `Set-Cookie` line, always Secure and HttpOnly; with a typed JSON error otherwise. It never rejects. A GET needs the header
 * `x-httponly: 1`, which the page functions send.
 *
 * @throws TypeError if `origin` is no URL, or a name no string
 *
 * @example
 * ```ts
 * const setCookie = cookieEndpoint({ names: ["access_token"] });
 * export const POST = ({ request }) => setCookie(request);
 * ```
 */
export function cookieEndpoint(options: CookieEndpointOptions = {}): (request: Request) => Promise<Response> {
  const {
    names: listed,
    domains: parents,
    reserved: kept,
    bareGet = false,
    origin,
    onError,
  } = ownOptions("cookieEndpoint", options, NAMES);
  const names = texts("names", listed);
  const domains = texts("domains", parents) ?? [];
  const more = [...RESERVED, ...(texts("reserved", kept) ?? [])];
  if (typeof bareGet !== "boolean") throw new TypeError(`bareGet must be a boolean, got ${kindOf(bareGet)}`);
  const own = origin === undefined ? undefined : declaredUrl("origin", origin);
  const answer = {
    name: "cookieEndpoint",
    onError: ownFunction("cookieEndpoint: onError", onError),
    headers: headersFor("endpoint"),
  };
  return answering(answer, async (request) => {
    const inBody = methodOf(request);
    prove(request, own?.origin, !inBody && !bareGet);
    const url = new URL(request.url);
    const fields = inBody ? await read(request) : encodeUtf8(url.search.slice(1));
    const line = callWasm((m) =>
      m.endpointSetCookie(
        url.pathname,
        fields,
        inBody ? (request.headers.get("content-type") ?? "") : undefined,
        (own ?? url).hostname,
        Date.now(),
        names,
        domains,
        [...more, ...reserved()],
        request.headers.get("origin") ?? undefined,
      ),
    );
    return new Response(null, { headers: { ...headersFor("endpoint"), "set-cookie": line } });
  });
}

/** Whether the fields stand in the body. */
function methodOf(request: Request): boolean {
  try {
    return callWasm((m) => m.endpointMethod(request.method));
  } catch (thrown) {
    throw withHeaders(thrown, { allow: "GET, POST" });
  }
}

/** The body, which is given up as soon as it is too large. */
async function read(request: Request): Promise<Uint8Array> {
  let body = new Uint8Array(0);
  const reader = request.body?.getReader();
  if (reader === undefined) return body;
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const length = body.length + chunk.value.length;
      callWasm((m) => m.endpointBody(length));
      const longer = new Uint8Array(length);
      longer.set(body);
      longer.set(chunk.value, body.length);
      body = longer;
    }
    return body;
  } catch (error) {
    // What is left of the body is of no interest, and neither is whether cancelling it works.
    reader.cancel().catch(() => {});
    throw error instanceof HttpOnlyError
      ? error
      : refused(isTooLarge(error) ? "body-too-large" : "client-gone", error);
  }
}
