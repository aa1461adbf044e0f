/**
 * Tokens of an API that renew themselves: the bearer function that spends a refresh token kept in a cookie.
 *
 * @module
 */
import { callWasm, text } from "../wasm/server.ts";
import type { BearerToken } from "./bearer.ts";
import { serializeSetCookie } from "./cookies.ts";
import { checked, functionOption, numberOption, textOption } from "./sign-in/options.ts";
import { readWithin } from "./stream.ts";
import { decodeLenient } from "./utf8.ts";

/** An answer to a refresh token, as OAuth has it (RFC 6749 section 5.1). */
export interface RefreshAnswer {
  access_token?: string | undefined;
  id_token?: string | undefined;
  /** Absent where the old one stays. */
  refresh_token?: string | undefined;
  /** Seconds; by default the token's own `exp` counts. */
  expires_in?: number | undefined;
}

/** Options of {@link tokenRefresh}. */
export interface TokenRefreshOptions {
  /** The name of the cookie with the token to spend; `__Host-` or `__Secure-` may stand before it. */
  access: string;
  /** The name of the cookie with the refresh token. */
  refresh: string;
  /** Where a refresh token becomes new tokens: an OAuth token endpoint. https, or http on this machine. */
  url?: string | undefined;
  /** In place of {@link url}. Null where the refresh token is refused; what it throws leaves everything as it is. */
  exchange?:
    | ((
        refreshToken: string,
        context: { request: Request; platform: unknown },
      ) => RefreshAnswer | null | Promise<RefreshAnswer | null>)
    | undefined;
  /** How this app proves itself at {@link url}, if it has to. */
  clientId?: string | undefined;
  clientSecret?: string | undefined;
  scope?: string | undefined;
  /** The member of the answer that is spent; default `access_token`. */
  field?: "access_token" | "id_token" | undefined;
  /** The Domain of both cookies; by default they are of one host. */
  domain?: string | undefined;
  /** Milliseconds until the endpoint has answered; default 5000. */
  timeout?: number | undefined;
}

const OPTIONS = [
  "access",
  "refresh",
  "url",
  "exchange",
  "clientId",
  "clientSecret",
  "scope",
  "field",
  "domain",
  "timeout",
];

/** Milliseconds for which an answer is kept, for those who still hold the old refresh token. */
const KEPT = 60_000;
/** Answers that are kept. */
const MANY = 10_000;
const LIMIT = 256 * 1024;

type Refreshed =
  | { kind: "renewed"; access: string; refresh: string | null; lives: number | null }
  | { kind: "refused" }
  | { kind: "away" };

function checkedOptions(given: TokenRefreshOptions): TokenRefreshOptions {
  const options = checked("tokenRefresh", given, OPTIONS);
  for (const name of ["access", "refresh"] as const) {
    textOption(`tokenRefresh: ${name}`, options[name]);
    serializeSetCookie(options[name], "", { path: "/" });
  }
  if ((options.url === undefined) === (options.exchange === undefined))
    throw new TypeError("tokenRefresh: either url or exchange must be given");
  functionOption("tokenRefresh: exchange", options.exchange);
  const { url } = options;
  if (
    url !== undefined &&
    (!URL.canParse(textOption("tokenRefresh: url", url)) ||
      !callWasm((m) => m.isSafeProvider(new URL(url).href)))
  )
    throw new TypeError(`tokenRefresh: url must be an https URL, or an http one of this machine, got ${url}`);
  for (const name of ["clientId", "clientSecret", "scope"] as const)
    if (options[name] !== undefined) textOption(`tokenRefresh: ${name}`, options[name]);
  if (![undefined, "access_token", "id_token"].includes(options.field))
    throw new TypeError('tokenRefresh: field must be "access_token" or "id_token"');
  const { domain } = options;
  if (domain !== undefined) callWasm((m) => m.checkDomain(textOption("tokenRefresh: domain", domain)));
  numberOption("tokenRefresh: timeout", options.timeout, "milliseconds");
  return options;
}

/**
 * A bearer function for `authorization`: the access token of a cookie while it lives, and a new one by the refresh token
 * of another cookie when it does not.
 *
 * ```ts
 * const bearer = tokenRefresh({ access: "access_token", refresh: "refresh_token", url: "https://id.example.com/token" });
 * apiProxy({ targets: { api: { url: "https://api.example.com", authorization: { bearer } } } });
 * ```
 *
 * One refresh serves all who hold the same refresh token, at the same time and for a minute after: a provider that rotates
 * takes a second use for theft. A refused refresh token clears both cookies; a provider that is away clears none, and
 * nothing is remembered of it.
 *
 * @throws TypeError naming the option that is wrong
 */
export function tokenRefresh(
  given: TokenRefreshOptions,
): (request: Request, platform?: unknown) => Promise<BearerToken | null> {
  const options = checkedOptions(given);
  const field = options.field ?? "access_token";
  const answers = new Map<string, { until: number; answer: Promise<Refreshed> }>();

  async function ask(refreshToken: string, request: Request, platform: unknown): Promise<Refreshed> {
    const { url, exchange, clientId, clientSecret, scope } = options;
    try {
      if (exchange !== undefined) {
        const answer = await exchange(refreshToken, { request, platform });
        return callWasm((m) =>
          m.readRefresh(answer === null ? 401 : 200, JSON.stringify(answer ?? {}), field),
        ) as Refreshed;
      }
      const body = new URLSearchParams({
        grant_type: "refresh_token",
        refresh_token: refreshToken,
        ...(clientId !== undefined && { client_id: clientId }),
        ...(clientSecret !== undefined && { client_secret: clientSecret }),
        ...(scope !== undefined && { scope }),
      });
      // It is not bound to the request that caused it: others wait for the same answer.
      const signal = AbortSignal.timeout(options.timeout ?? 5000);
      const headers = { accept: "application/json" };
      const response = await fetch(url as string, {
        method: "POST",
        body,
        headers,
        redirect: "manual",
        signal,
      });
      const stream = response.body as ReadableStream<Uint8Array<ArrayBuffer>> | null;
      const bytes = stream === null ? new Uint8Array() : await readWithin(stream, LIMIT);
      return callWasm((m) =>
        m.readRefresh(response.status, decodeLenient(bytes ?? new Uint8Array()), field),
      ) as Refreshed;
    } catch {
      return { kind: "away" };
    }
  }

  /** One answer for all who hold the same refresh token. */
  async function share(refreshToken: string, request: Request, platform: unknown): Promise<Refreshed> {
    const key = callWasm((m) => m.hashOf(refreshToken));
    const now = Date.now();
    const known = answers.get(key);
    if (known !== undefined && known.until > now) return known.answer;
    // The oldest come first.
    for (const [old, { until }] of answers) {
      if (until > now && answers.size < MANY) break;
      answers.delete(old);
    }
    const entry = { until: Number.POSITIVE_INFINITY, answer: ask(refreshToken, request, platform) };
    answers.delete(key);
    answers.set(key, entry);
    const answer = await entry.answer;
    // What is away now may be back with the next request.
    if (answer.kind === "away") answers.delete(key);
    else entry.until = Date.now() + KEPT;
    return answer;
  }

  return async (request, platform) => {
    const header = request.headers.get("cookie") ?? "";
    const now = Date.now() / 1000;
    const find = (name: string) =>
      callWasm((m) => m.findToken(header, name)) as [string, string] | [] | undefined;
    const [access, refresh] = [find(options.access), find(options.refresh)];
    // Two of a name: one of them is somebody else's.
    if (access?.length === 0 || refresh?.length === 0) return null;
    if (access !== undefined && !callWasm((m) => m.isTokenOver(access[1], now))) return { token: access[1] };
    if (refresh === undefined) return null;
    const host = new URL(request.url).hostname;
    const names = [access?.[0] ?? spelledAs(refresh[0], options), refresh[0]] as const;
    const answer = await share(refresh[1], request, platform);
    if (answer.kind === "away") callWasm((m) => m.tokenRefused(true));
    if (answer.kind !== "renewed")
      return {
        token: null,
        setCookies: names.flatMap((name) => callWasm((m) => m.clearToken(name, options.domain, host))),
      };
    const set = (name: string, token: string, lives: number | undefined) =>
      callWasm((m) => m.setToken(name, token, lives, options.domain, host, now));
    const lines = set(names[0], answer.access, answer.lives ?? undefined);
    if (answer.refresh !== null) lines.push(...set(names[1], answer.refresh, undefined));
    return { token: answer.access, setCookies: lines };
  };
}

/** The name of the access token's cookie where there is none: with the prefix that the refresh token's has. */
function spelledAs(refresh: string, { access, refresh: declared }: TokenRefreshOptions): string {
  const prefix = refresh.slice(0, refresh.length - declared.length);
  return text("access", prefix + access);
}
