/**
 * Cookies and sign-in in the page, and cookies during SSR.
 *
 * @module
 */
export {
  type Configuration,
  type CredentialsSignin,
  configure,
  deleteHttpOnlyCookie,
  getSession,
  type HttpOnlyCookieOptions,
  type MagicLinkSignin,
  type ProviderSignin,
  type SessionFound,
  type SigninOptions,
  setHttpOnlyCookie,
  setSessionCookies,
  signin,
  signout,
} from "./account.ts";
export { type CookieChange, onCookieChange } from "./cookie-change.ts";
export {
  type CookieOptions,
  type CookieSource,
  deleteCookie,
  getCookie,
  getCookies,
  getHttpOnlyCookie,
  setCookie,
} from "./cookies.ts";
export { type ErrorCode, HttpOnlyError } from "./errors.ts";
export type { Session, User } from "./server/auth/types.ts";
export type { Register } from "./server/sign-in/types.ts";
