/**
 * Cookies and sign-in in the page, and cookies during SSR.
 *
 * @module
 */
export {
  type Configuration,
  configure,
  deleteHttpOnlyCookie,
  type HttpOnlyCookieOptions,
  setHttpOnlyCookie,
  setSessionCookies,
} from "./account.ts";
export {
  type CookieOptions,
  type CookieSource,
  deleteCookie,
  getCookie,
  getHttpOnlyCookie,
  setCookie,
} from "./cookies.ts";
export { type ErrorCode, HttpOnlyError } from "./errors.ts";
