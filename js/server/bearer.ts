/**
 * Bearer tokens that a function gives, request by request, and the cookies that come with new ones.
 *
 * @module
 */

import { HttpOnlyError } from "../errors.ts";
import { callWasm, text } from "../wasm/server.ts";
import { setHeaders } from "./headers.ts";
import { refused } from "./refusal.ts";

/** The token to spend, and the lines for the response to whoever asked. Without a token: 401, and no call. */
export interface BearerToken {
  token: string | null;
  setCookies?: string[] | undefined;
}

/**
 * Where a target's bearer token comes from, request by request. Null is 401; an `HttpOnlyError` that it throws becomes its
 * response, and anything else that it throws is 503.
 */
export type BearerSource = (
  request: Request,
  platform?: unknown,
) => BearerToken | null | Promise<BearerToken | null>;

/** The cookies of new tokens, by the request that renewed them, until its response is made. */
const renewed = new WeakMap<Request, readonly string[]>();
/** The same, by the response that carries them. */
const carried = new WeakMap<Response, readonly string[]>();

/**
 * The value of `Authorization` by a function of the app.
 *
 * @throws HttpOnlyError for no token, for one that no header carries, and for what the function throws
 */
export async function bearerOf(source: BearerSource, request: Request, platform: unknown): Promise<string> {
  let given: BearerToken | null;
  try {
    given = await source(request, platform);
    if (given?.setCookies) renewed.set(request, [...given.setCookies]);
    if (given?.token !== null && given !== null) text("the token", given?.token);
  } catch (thrown) {
    if (thrown instanceof HttpOnlyError) throw thrown;
    // Nobody can tell whether there is a token: that signs nobody out.
    throw refused("backend-away", thrown);
  }
  if (given === null || given.token === null) callWasm((m) => m.tokenRefused(false));
  const value = `Bearer ${given?.token}`;
  callWasm((m) => m.checkHeaderValue(value));
  return value;
}

/** A response with the cookies of the tokens that its request renewed. */
export function withTokens(response: Response, request: Request): Response {
  const lines = renewed.get(request) ?? [];
  if (lines.length === 0) return response;
  for (const line of lines) response.headers.append("set-cookie", line);
  setHeaders(response.headers, "private");
  carried.set(response, lines);
  return response;
}

/** The cookies of new tokens that a response of the proxy has. */
export function tokenLines(response: Response): readonly string[] {
  return carried.get(response) ?? [];
}

/** The cookies of new tokens for a page that is about to be made; none where nobody can tell. */
export async function refreshed(
  source: BearerSource | undefined,
  request: Request,
  platform?: unknown,
): Promise<string[]> {
  try {
    return [...((await source?.(request, platform))?.setCookies ?? [])];
  } catch {
    return [];
  }
}
