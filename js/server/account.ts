/**
 * The forms of an account, whatever framework they were sent through: sign in, sign up, magic link, password reset,
 * sessions. A form becomes one or two requests to `auth.handler`, and its answers one {@link FlowAnswer}.
 *
 * @module
 */

import type { ErrorCode } from "../errors.ts";
import { callWasm, text } from "../wasm/server.ts";
import { type Auth, BASE_PATH, type User } from "./auth/types.ts";
import { splitSetCookie } from "./cookies.ts";
import { type Names, ownOptions } from "./options.ts";
import { linkOriginal } from "./original-request.ts";
import { safeRedirect } from "./redirect.ts";

/** The flows, by the names of their form actions. */
export const FLOWS = [
  "signin",
  "signup",
  "social",
  "sendMagicLink",
  "useMagicLink",
  "sendVerification",
  "requestReset",
  "resetPassword",
  "signout",
  "signoutEverywhere",
  "revokeSession",
  "revokeOtherSessions",
  "verifyTotp",
  "sendOtp",
  "verifyOtp",
  "verifyBackupCode",
] as const;

/**
 * A form of the account, with the fields that it takes:
 *
 * | flow | fields | then |
 * |---|---|---|
 * | `signin` | email, password, rememberMe | the redirect, or home; the page of the second factor where one is needed |
 * | `signup` | name, email, password | the verify page with `?email=`; the redirect, or home, for a verified user |
 * | `social` | provider | the provider's page |
 * | `sendMagicLink` | email | `magic-link-sent` |
 * | `useMagicLink` | token | the redirect, or home |
 * | `sendVerification` | email | `verification-sent` |
 * | `requestReset` | email | `reset-sent` |
 * | `resetPassword` | token, password, confirmation if the form has one | the login page with `?notice=password-reset` |
 * | `signout` | – | the redirect, or the page for those who signed out |
 * | `signoutEverywhere` | – | the redirect, or the page for those who signed out |
 * | `revokeSession` | id | `session-revoked` |
 * | `revokeOtherSessions` | – | `sessions-revoked` |
 * | `verifyTotp`, `verifyOtp`, `verifyBackupCode` | code, trustDevice | the redirect, or home |
 * | `sendOtp` | – | `code-sent` |
 *
 * `rememberMe` is a checkbox: where it is not sent, the session ends with the browser. `trustDevice` is one, too: a browser
 * that is trusted needs no second factor for a while.
 */
export type Flow = (typeof FLOWS)[number];

/** What there is to say to a visitor who stays on the page. */
export type Notice =
  | "magic-link-sent"
  | "verification-sent"
  | "reset-sent"
  | "session-revoked"
  | "sessions-revoked"
  | "code-sent";

/** The app's pages between which the flows lead: local paths. */
export interface AccountPages {
  /** Default `/login`. */
  login?: string | undefined;
  /** Where a visitor goes who has signed in, and says nothing else; default `/`. */
  home?: string | undefined;
  /** Where one goes who has signed out; default `/`. */
  signedOut?: string | undefined;
  /** Where one goes whose address is not verified yet; default `/verify`, and `false` for an app without that page. */
  verify?: string | false | undefined;
  /** Where the link of a password reset leads; default `/reset-password`. */
  reset?: string | undefined;
  /**
   * Where a visitor goes whose sign-in needs a second factor, with `?methods=` (`totp,otp`, say) and `?redirect=`; default
   * `/two-factor`.
   */
  twoFactor?: string | undefined;
}

const PAGES: Names<AccountPages> = {
  login: true,
  home: true,
  signedOut: true,
  verify: true,
  reset: true,
  twoFactor: true,
};

/** The pages that an app declares with its actions, own ones only. */
export function ownPages(options: { pages?: AccountPages | undefined }): AccountPages {
  const { pages } = ownOptions("accountActions", options, { pages: true });
  return pages === undefined ? {} : ownOptions("accountActions: pages", pages, PAGES);
}

/** Why a flow did not work. */
export interface FlowError {
  /**
   * - `field-invalid`: {@link field} says which
   * - `signin-failed`: what was sent is wrong, or the link is used up; {@link reason} says more
   * - `rate-limited`: {@link retryAfter} says how long
   * - `unauthenticated`, `rejected`, `cross-origin`
   * - `unavailable`: the backend is away; nothing was done, as far as anybody knows
   */
  code: ErrorCode;
  /** For people, in English; never the backend's words. */
  message: string;
  /** The backend's own code: `INVALID_EMAIL_OR_PASSWORD`. */
  reason?: string;
  field?: string;
  /** Seconds. */
  retryAfter?: number;
}

/** What came of a form. */
export type FlowAnswer =
  | {
      ok: true;
      /** Where the visitor goes, by 303: a local path, or a provider's page; null to stay and say {@link notice}. */
      location: string | null;
      notice: Notice | null;
      /** `Set-Cookie` lines for the response, byte for byte. */
      setCookies: string[];
      user?: User;
    }
  | {
      ok: false;
      /** The HTTP status for the response. */
      status: number;
      error: FlowError;
      /** What the form shows again: neither passwords nor tokens. */
      values: Record<string, string>;
      /** `Set-Cookie` lines for the response, byte for byte. */
      setCookies: string[];
    };

/** What {@link runFlow} is given. */
export interface FlowInput {
  /** The request that brought the form; its body has been read. */
  request: Request;
  fields: FormData;
  platform?: unknown;
  pages?: AccountPages | undefined;
}

/** No flow has as many fields; a body has room for hundreds of thousands. */
const MANY_FIELDS = 100;

type Failed = { kind: "failed"; status: number; error: FlowError };
type Plan = { kind: "plan"; steps: string[] };
type Come =
  | Failed
  | { kind: "next" }
  | { kind: "done"; location: string | null; notice: Notice | null; user: string | null };

/**
 * Runs a flow.
 *
 * The request has to prove that the app's own origin sent it: a `fetch`, or a form, which needs no JavaScript. Its
 * cookies, its user agent and its proof go along to `auth.handler`, in a request of this function's own.
 *
 * Where the visitor goes in the end is the form's field `redirect`, or the `?redirect=` of the page that shows the form,
 * always through the rules of `safeRedirect`.
 *
 * @throws TypeError if there is no such flow, or a page is no local path
 */
export async function runFlow(auth: Auth<object, object>, flow: Flow, input: FlowInput): Promise<FlowAnswer> {
  text("flow", flow);
  const { request, platform } = input;
  const own = new URL(auth.origin ?? request.url).origin;
  // Files are no fields of any flow.
  const texts = [...input.fields].filter(([, value]) => typeof value === "string") as [string, string][];
  const fields = texts.slice(0, MANY_FIELDS).flat();
  const pages = pathsOf(input.pages);
  const values = toRecord(callWasm((m) => m.flowValues(flow, fields)));
  const setCookies: string[] = [];
  const fail = ({ status, error }: Failed): FlowAnswer => ({ ok: false, status, error, values, setCookies });

  const { headers } = request;
  const said = (name: string) => headers.get(name) ?? undefined;
  const foreign = callWasm((m) =>
    m.refuseSender(
      said("sec-fetch-site"),
      said("sec-fetch-mode"),
      said("sec-fetch-dest"),
      said("origin"),
      said("x-httponly"),
      own,
    ),
  ) as Failed | undefined;
  if (foreign) return fail(foreign);

  const redirect = destination(request, input.fields, flow, own);
  const plan = callWasm((m) => m.planFlow(flow, fields, pages, redirect, own)) as Plan | Failed;
  if (plan.kind === "failed") return fail(plan);
  const { email = "" } = values;
  for (let step = 0; step * 2 < plan.steps.length; step++) {
    const [path, body] = plan.steps.slice(step * 2) as [string, string];
    const asked = ask(request, `${own}${auth.basePath ?? BASE_PATH}${path}`, body);
    const response = await auth.handler(asked, platform);
    setCookies.push(...splitSetCookie(response.headers));
    const { status } = response;
    const said = await response.text();
    const answered = (name: string) => response.headers.get(name) ?? undefined;
    const come = callWasm((m) =>
      m.readFlow(
        flow,
        step,
        status,
        said,
        answered("location"),
        answered("retry-after"),
        pages,
        redirect,
        email,
        Date.now(),
      ),
    ) as Come;
    if (come.kind === "failed") return fail(come);
    if (come.kind === "done") {
      const { location, notice, user } = come;
      return { ok: true, location, notice, setCookies, ...(user !== null && { user: JSON.parse(user) }) };
    }
  }
  throw new TypeError("a flow has a last step");
}

/** The request to the backend's path: the visitor's, but for method, address and body. */
function ask(request: Request, url: string, body: string): Request {
  const headers = new Headers(request.headers);
  for (const name of ["content-length", "content-encoding", "transfer-encoding"]) headers.delete(name);
  headers.set("content-type", "application/json");
  headers.set("accept", "application/json");
  const asked = new Request(url, { method: "POST", headers, body, signal: request.signal });
  linkOriginal(asked, request);
  return asked;
}

function destination(request: Request, fields: FormData, flow: Flow, own: string): string | undefined {
  const field = fields.get("redirect");
  const page = new URL(request.url).searchParams;
  const candidates = [typeof field === "string" ? field : "", page.get("redirect") ?? ""];
  // A form action such as `?/signin` drops the query of the page that shows the form.
  const referer = request.headers.get("referer") ?? "";
  const from = URL.canParse(referer) ? new URL(referer) : undefined;
  const shown = from?.origin === own ? from.searchParams : new URLSearchParams();
  candidates.push(shown.get("redirect") ?? "");
  if (flow === "useMagicLink") {
    candidates.push(page.get("callbackURL") ?? "", shown.get("callbackURL") ?? "");
  }
  const wanted = callWasm((m) => m.flowDestination(candidates, own));
  // The platform's own parser has the last word.
  return safeRedirect(wanted, { origin: own, fallback: "" }) || undefined;
}

/** The pages as the binding takes them. */
function pathsOf({ login, home, verify, reset, signedOut, twoFactor }: AccountPages = {}): string[] {
  return [
    text("pages.login", login ?? "/login"),
    text("pages.home", home ?? "/"),
    verify === false ? "" : text("pages.verify", verify ?? "/verify"),
    text("pages.reset", reset ?? "/reset-password"),
    text("pages.signedOut", signedOut ?? "/"),
    text("pages.twoFactor", twoFactor ?? "/two-factor"),
  ];
}

function toRecord(pairs: string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) record[pairs[i] as string] = pairs[i + 1] as string;
  return record;
}
