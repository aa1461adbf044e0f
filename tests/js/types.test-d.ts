// The public types, checked by the compiler alone: what the documentation shows compiles, and what it forbids does not.
import {
  type Configuration,
  type CookieOptions,
  type CookieSource,
  configure,
  deleteCookie,
  deleteHttpOnlyCookie,
  type ErrorCode,
  getCookie,
  type getHttpOnlyCookie,
  type getSession,
  type HttpOnlyCookieOptions,
  HttpOnlyError,
  type onCookieChange,
  type Session,
  setCookie,
  setHttpOnlyCookie,
  setSessionCookies,
  signin,
  signout,
  type User,
} from "httponly";
import { AuthProvider, type useAuth } from "httponly/react";
import {
  apiProxy,
  applyTemplateValues,
  type CookieCarrier,
  cookieEndpoint,
  decodeToken,
  getRequestCookies,
  parseSetCookie,
  type HttpOnlyError as ServerError,
  type SetCookie,
  safeRedirect,
  serializeSetCookie,
  type splitSetCookie,
  type Target,
  type TemplateContext,
} from "httponly/server";
import { authState } from "httponly/svelte";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if both types are the same, `any` being like nothing but itself. */
declare function same<A, B>(...equal: Equal<A, B> extends true ? [] : [never]): void;
/** Compiles if values of the type that is given may be used where the other one is wanted. */
declare function fits<Wanted>(given: Wanted): void;

declare const request: Request;
declare const node: Node;
declare const optional: { text?: string; seconds?: number; flag?: boolean };

export function page(): void {
  same<ReturnType<typeof getCookie>, string | null>();
  same<Parameters<typeof getCookie>, [name: string, from?: CookieSource | undefined]>();
  getCookie("theme");
  getCookie("theme", { root: node });
  getCookie("theme", { cookies: request.headers.get("cookie") ?? "" });
  getCookie("theme", { cookies: getRequestCookies(request) });
  // @ts-expect-error a name is wanted
  getCookie();
  // @ts-expect-error a name is text
  getCookie(7);
  // @ts-expect-error values of a record are text
  getCookie("theme", { cookies: { theme: 7 } });
  // @ts-expect-error a header that may be absent is no text
  getCookie("theme", { cookies: request.headers.get("cookie") });
  // @ts-expect-error the result may be null
  fits<string>(getCookie("theme"));

  same<ReturnType<typeof setCookie>, void>();
  same<Parameters<typeof setCookie>, [name: string, value: string, options?: CookieOptions | undefined]>();
  setCookie("theme", "dark", {
    maxAge: 3600,
    expires: new Date(),
    sameSite: "Strict",
    path: "/",
    includeSubdomains: false,
    domain: "example.com",
    secure: true,
    partitioned: true,
    verify: false,
  });
  setCookie("theme", "dark", { sameSite: "none" });
  setCookie("theme", "dark", {
    maxAge: optional.seconds,
    path: optional.text,
    includeSubdomains: optional.flag,
  });
  // @ts-expect-error a value is wanted
  setCookie("theme");
  // @ts-expect-error a value is text
  setCookie("theme", 7);
  // @ts-expect-error a lifetime is a number
  setCookie("theme", "dark", { maxAge: "3600" });
  // @ts-expect-error a date is no number
  setCookie("theme", "dark", { expires: 0 });
  // @ts-expect-error there is no such SameSite
  setCookie("theme", "dark", { sameSite: "Default" });
  // @ts-expect-error no script sets HttpOnly
  setCookie("theme", "dark", { httpOnly: true });
  // @ts-expect-error it is spelled maxAge
  setCookie("theme", "dark", { maxage: 1 });

  same<ReturnType<typeof deleteCookie>, void>();
  deleteCookie("theme", { path: "/", domain: "example.com", includeSubdomains: true });
  // @ts-expect-error what is deleted has no lifetime
  deleteCookie("theme", { maxAge: 1 });

  same<typeof getHttpOnlyCookie, (name: string) => string | null>();

  same<
    Parameters<typeof setHttpOnlyCookie>,
    [name: string, value: string, options?: HttpOnlyCookieOptions | undefined]
  >();
  same<ReturnType<typeof setHttpOnlyCookie>, Promise<void>>();
  same<
    HttpOnlyCookieOptions,
    Pick<
      CookieOptions,
      "maxAge" | "expires" | "sameSite" | "path" | "includeSubdomains" | "domain" | "partitioned"
    >
  >();
  void setHttpOnlyCookie("access_token", "t", { maxAge: 0, sameSite: "Lax", path: "/", expires: new Date() });
  void setHttpOnlyCookie("access_token", "t", { domain: "example.com" });
  // @ts-expect-error it is always Secure
  void setHttpOnlyCookie("access_token", "t", { secure: false });

  same<ReturnType<typeof deleteHttpOnlyCookie>, Promise<void>>();
  void deleteHttpOnlyCookie("access_token", { path: "/", includeSubdomains: false });
  // @ts-expect-error what is deleted has no lifetime
  void deleteHttpOnlyCookie("access_token", { maxAge: 1 });

  same<typeof setSessionCookies, (accessToken: string, ttl?: number) => Promise<void>>();
  // @ts-expect-error ttl is a number of seconds
  void setSessionCookies("t", "60");

  same<typeof configure, (options: Configuration) => void>();
  configure({ cookieEndpoint: "/cookies", authEndpoint: "/auth", method: "GET" });
  configure({ cookieEndpoint: optional.text });
  // @ts-expect-error there are two methods
  configure({ method: "PUT" });
  // @ts-expect-error it is no option
  configure({ endpoint: "/cookies" });
}

export function errors(): void {
  const error = new HttpOnlyError("name-invalid", "a message");
  same<typeof error.code, ErrorCode>();
  same<typeof error.rule, string | undefined>();
  fits<Error>(error);
  same<typeof ServerError, typeof HttpOnlyError>();
  // @ts-expect-error there is no such code
  new HttpOnlyError("no-such-code", "a message");
  fits<boolean>(error.code === "not-stored");
  // @ts-expect-error what is no code is never met
  fits<boolean>(error.code === "not-store");
  // @ts-expect-error a code does not change
  error.code = "network";
}

export function server(): void {
  type Handler = (request: Request) => Promise<Response>;
  fits<Handler>(cookieEndpoint());
  fits<Handler>(cookieEndpoint({ names: ["access_token"], origin: "https://app.example" }));
  cookieEndpoint({ clientAddress: (_request, _platform) => undefined });
  // @ts-expect-error names are a list
  cookieEndpoint({ names: "access_token" });

  const target: Target = {
    url: "https://api.example/v1",
    fetch,
    cookies: ["access_token"],
    templates: ["header", "query", "body"],
    authorization: { bearer: "access_token" },
    methods: ["GET"],
    forwardHeaders: ["x-request-id"],
    setCookies: { locale: {}, region: { domain: "example.com", path: "/" } },
  };
  fits<Handler>(apiProxy({ targets: { api: target, other: { url: (request, _platform) => request.url } } }));
  fits<Handler>(
    apiProxy({
      mount: "/api/chat",
      target,
      timeout: 1,
      idleTimeout: 1,
      bodyLimit: 1,
      heartbeat: 1,
      retries: 1,
      origin: "https://app.example",
      clientAddress: () => "192.0.2.1",
    }),
  );
  // @ts-expect-error a proxy without a target goes nowhere
  apiProxy({});
  // @ts-expect-error one target or several, not both
  apiProxy({ target, targets: { api: target } });
  // @ts-expect-error a target has a URL
  apiProxy({ targets: { api: { cookies: ["access_token"] } } });
  // @ts-expect-error templates are never filled into a path
  apiProxy({ target: { url: "https://api.example", templates: ["path"] } });
  // @ts-expect-error the cookie is named, not given
  apiProxy({ target: { url: "https://api.example", authorization: "access_token" } });

  same<typeof getRequestCookies, (request: CookieCarrier) => Record<string, string>>();
  getRequestCookies(request.headers);
  getRequestCookies({ headers: { cookie: ["a=1"] } });
  // @ts-expect-error a number carries no cookies
  getRequestCookies(5);

  same<typeof parseSetCookie, (line: string, options?: { raw?: boolean }) => SetCookie | null>();
  const cookie = parseSetCookie("a=1");
  if (cookie) {
    same<typeof cookie.name, string>();
    same<typeof cookie.expires, Date | undefined>();
    same<typeof cookie.maxAge, number | undefined>();
    same<typeof cookie.domain, string | undefined>();
    same<typeof cookie.path, string | undefined>();
    same<typeof cookie.secure, boolean>();
    same<typeof cookie.httpOnly, boolean>();
    same<typeof cookie.sameSite, "Lax" | "Strict" | "None" | undefined>();
    same<typeof cookie.partitioned, boolean>();
    const { name, value, ...attributes } = cookie;
    same<ReturnType<typeof serializeSetCookie>, string>();
    serializeSetCookie(name, value, attributes);
  }
  serializeSetCookie("a", "1");
  // @ts-expect-error a date is no text
  serializeSetCookie("a", "1", { expires: "Wed, 21 Oct 2026 07:28:00 GMT" });

  same<typeof splitSetCookie, (headers: Headers | string) => string[]>();
  same<ReturnType<typeof applyTemplateValues>, string>();
  same<TemplateContext, "text" | "json" | "form" | "query" | "header">();
  applyTemplateValues(null, getRequestCookies(request));
  applyTemplateValues("{{ cookies.a }}", { a: "1" }, "json");
  // @ts-expect-error there is no such place
  applyTemplateValues("{{ cookies.a }}", { a: "1" }, "xml");

  same<ReturnType<typeof decodeToken>, { exp?: number } | undefined>();
  decodeToken("a.b.c");

  same<ReturnType<typeof safeRedirect>, string>();
  safeRedirect(new URL(request.url).searchParams.get("redirect"), {
    origin: "https://app.example",
    fallback: "/home",
    allow: ["https://www.example"],
  });
  // @ts-expect-error the own origin is wanted
  safeRedirect("/x");
}

export async function account(): Promise<void> {
  const credentials = { email: "ada@example.com", password: "secret" };
  fits<{ user: User; session: Session } | null>(await ({} as ReturnType<typeof getSession>));
  const signed = await signin({ provider: "credentials", credentials });
  fits<{ user: User } | { user: null; twoFactor: { methods: string[] } }>(signed);
  if (signed.twoFactor) fits<{ user: null; twoFactor: { methods: string[] } }>(signed);
  else fits<{ user: User }>(signed);
  fits<{ user: null }>(await signin({ provider: "magic-link", credentials: { email: "ada@example.com" } }));
  fits<{ user: User | null }>(
    await signin({ provider: "google", successCallback: "/", failureCallback: "/login" }),
  );
  // @ts-expect-error a provider is wanted
  await signin({ credentials });
  // @ts-expect-error a callback is a path
  await signin({ provider: "google", successCallback: new URL("https://app.example/") });
  await signout();
  await signout({ everywhere: true, callback: "/" });
  // @ts-expect-error everywhere is yes or no
  await signout({ everywhere: "yes" });
  same<HttpOnlyError["reason"], string | undefined>();
  same<Parameters<Parameters<typeof onCookieChange>[0]>[0]["value"], string | null>();
}

export function shown(): void {
  same<typeof authState.user, User | null>();
  same<ReturnType<typeof useAuth>["session"], Session | null>();
  authState.provide(() => ({ user: null }));
  AuthProvider({ initial: { user: null, session: null, status: "unavailable" } });
  // @ts-expect-error a status is one of four
  AuthProvider({ initial: { user: null, status: "signed-in" } });
  // @ts-expect-error nobody sets the user by hand
  authState.user = null;
}
