/**
 * A backend as an app declared it, checked.
 *
 * @module
 */
import { escaped } from "../../wasm/message.ts";
import type { BackendBinding } from "../../wasm/server.ts";
import { callWasm, declaredUrl, text, texts } from "../../wasm/server.ts";
import { type Names, ownFunction, ownOptions } from "../options.ts";
import type { OnError } from "../refusal.ts";
import { reserve } from "../reserved.ts";
import { boundedStore } from "../store/bounded.ts";
import { type Revocation, revocationReader } from "../store/revocations.ts";
import { sealedStore } from "../store/sealed.ts";
import { ownSessions, type Sessions, sharedSessions } from "../store/sessions.ts";
import { checkStore, type Store } from "../store.ts";
import { abortable } from "../stream.ts";
import { callFetch } from "../transport.ts";
import { sharedCache } from "./cache.ts";
import { type Finding, NOBODY_CAN_TELL } from "./finding.ts";
import type { AuthBackendOptions } from "./options.ts";
import { BASE_PATH } from "./types.ts";

/** Better Auth's own name of its session cookie. */
const SESSION_COOKIE = "better-auth.session_token";

const NAMES: Names<AuthBackendOptions> = {
  url: true,
  cookie: true,
  cookies: true,
  domain: true,
  setCookieDomain: true,
  session: true,
  claims: true,
  basePath: true,
  pages: true,
  paths: true,
  cacheTtl: true,
  cacheSize: true,
  store: true,
  secret: true,
  localTtl: true,
  revocationSecret: true,
  timeout: true,
  bodyLimit: true,
  fetch: true,
  origin: true,
  clientAddress: true,
  onError: true,
};

/** A declaration. */
export interface Declared {
  binding: BackendBinding;
  cache: Sessions<Finding>;
  /** Reads what the backend says by itself, where it signs that. */
  readRevocation: ((request: Request) => Promise<Revocation>) | undefined;
  basePath: string;
  cookieName: string;
  /** The app's own origin, where it was declared. */
  origin: string | undefined;
  /** Milliseconds until the backend has answered. */
  timeout: number;
  /** Milliseconds for which an answer is kept. */
  ttl: number;
  /** Bytes of a request's body. */
  bodyLimit: number;
  /** Whether the session cookie is a JSON Web Token that tells by itself whose it is. */
  readsToken: boolean;
  claims: AuthBackendOptions["claims"];
  /** Whether the backend's URL depends on the request. */
  asksForUrl: boolean;
  onError: OnError | undefined;
  backendOf(request: Request, platform: unknown): string;
  /** The client's address, as the app says it; empty where it does not. */
  addressOf(request: Request, platform: unknown): string;
  /** The head of a request, as the rules read it. */
  headOf(request: Request, backend: string, address?: string): string;
  /** Calls the backend, for as long as the signal lets it. */
  call(url: string, init: RequestInit & { signal: AbortSignal }, platform: unknown): Promise<Response>;
}

/**
 * Checks a declaration.
 *
 * @throws TypeError if an option is of the wrong kind
 * @throws HttpOnlyError if `cookie` or `domain` is none
 */
export function declare(given: AuthBackendOptions): Declared {
  const options = readOptions(given);
  const { clientAddress, url } = options;
  const basePath = text("basePath", options.basePath ?? BASE_PATH);
  const cookieName = text("cookie", options.cookie ?? SESSION_COOKIE);
  const origin = options.origin === undefined ? undefined : declaredUrl("origin", options.origin).origin;
  const timeout = limit("timeout", options.timeout, 5000);
  const ttl = limit("cacheTtl", options.cacheTtl, 300) * 1000;
  const binding = bindingOf(options, { basePath, cookieName, origin });
  reserve(binding.names());
  const asksForUrl = typeof url === "function";
  const fixed = asksForUrl ? "" : declaredUrl("url", url).href;
  const sealed = sealedStoreOf(options, basePath);
  return {
    binding,
    cache: cacheOf(options, sealed, { fixed, cookieName, basePath, ttl, timeout }),
    readRevocation:
      options.revocationSecret === undefined
        ? undefined
        : revocationReader(options.revocationSecret, sealed && boundedStore(sealed)),
    basePath,
    cookieName,
    origin,
    timeout,
    ttl,
    bodyLimit: limit("bodyLimit", options.bodyLimit, 1024 * 1024),
    readsToken: options.session === "jwt",
    claims: options.claims,
    asksForUrl,
    onError: options.onError,
    backendOf: (request, platform) => (asksForUrl ? declaredUrl("url", url(request, platform)).href : fixed),
    addressOf(request, platform) {
      const address: unknown = clientAddress?.(request, platform);
      return typeof address === "string" ? address.replaceAll("\n", " ") : "";
    },
    headOf(request, backend, address = "") {
      let head = `${backend}\n${request.method}\n${request.url}\n${address}`;
      for (const [name, value] of request.headers) head += `\n${name}\n${value}`;
      return head;
    },
    call: (url, init, platform) =>
      abortable(callFetch(options.fetch ?? fetch, url, init, platform), init.signal),
  };
}

/** Options as an app declared them, own ones only, of the right kinds. */
function readOptions(given: AuthBackendOptions): AuthBackendOptions {
  const options = ownOptions("authBackend", given, NAMES);
  const { pages, paths, setCookieDomain } = options;
  if (pages !== undefined) options.pages = ownOptions("authBackend: pages", pages, { magicLink: true });
  if (paths !== undefined)
    options.paths = ownOptions("authBackend: paths", paths, { getSession: true, signOut: true });
  for (const name of ["fetch", "claims", "clientAddress", "onError"] as const)
    ownFunction(`authBackend: ${name}`, options[name] as unknown);
  if (setCookieDomain !== undefined && setCookieDomain !== false && typeof setCookieDomain !== "string")
    throw new TypeError("setCookieDomain is a domain, or false");
  if (!["lookup", "jwt", undefined].includes(options.session))
    throw new TypeError('session is "lookup" or "jwt"');
  return options;
}

/** The declaration as the rules hold it. */
function bindingOf(
  options: AuthBackendOptions,
  { basePath, cookieName, origin }: Pick<Declared, "basePath" | "cookieName" | "origin">,
): BackendBinding {
  const { domain, pages, paths, session, setCookieDomain } = options;
  const declared = [
    cookieName,
    basePath,
    text("paths.getSession", paths?.getSession ?? "/get-session"),
    text("paths.signOut", paths?.signOut ?? "/sign-out"),
    session === "jwt" && paths?.signOut === undefined ? "1" : "0",
  ];
  const optional = {
    origin,
    domain,
    setCookieDomain: setCookieDomain === false ? "" : setCookieDomain,
    "pages.magicLink": pages?.magicLink,
  };
  for (const [name, value] of Object.entries(optional)) {
    declared.push(...(value === undefined ? ["0"] : ["1", text(name, value)]));
  }
  const message = declared.map(escaped).join("\n");
  return callWasm((m) => new m.Backend(message, texts("cookies", options.cookies)));
}

/** What is known of sessions, in this process or in all instances that share a store. */
function cacheOf(
  options: AuthBackendOptions,
  sealed: Store | undefined,
  { fixed, cookieName, basePath, ttl, timeout }: Known,
): Sessions<Finding> {
  const cacheSize = limit("cacheSize", options.cacheSize, 10_000);
  const declaration = [fixed, cookieName, options.cookies, basePath, options.paths, options.domain, ttl];
  if (sealed === undefined)
    return ownSessions(sharedCache([...declaration, cacheSize], options.fetch, cacheSize), timeout);
  const local = limit("localTtl", options.localTtl, 5) * 1000;
  const within = options.fetch ?? (options.store as Store);
  const cached = sharedCache<Finding>([...declaration, cacheSize, local], within, cacheSize);
  return sharedSessions(cached, sealed, { local, ttl, timeout }, NOBODY_CAN_TELL);
}

type Known = { fixed: string; cookieName: string; basePath: string; ttl: number; timeout: number };

/** The store, encrypted. Backends that differ in what their sessions mean see nothing of each other. */
function sealedStoreOf(options: AuthBackendOptions, basePath: string): Store | undefined {
  const { store, secret, localTtl, url, cookie, cookies, paths, domain } = options;
  if (store === undefined) {
    if (secret !== undefined || localTtl !== undefined)
      throw new TypeError("authBackend: secret and localTtl are about a store, and there is none");
    return undefined;
  }
  const declared = [typeof url === "string" ? url : "", cookie, cookies, paths, domain, basePath];
  return sealedStore(checkStore("authBackend: store", store), secret, `sessions ${JSON.stringify(declared)}`);
}

function limit(name: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== "number" || !(value >= 0 && value < 2 ** 31)) {
    throw new TypeError(`${name} is a number, 0 or more`);
  }
  return value;
}
