export { type CookieOptions, type CookieSource, deleteCookie, getCookie, setCookie } from "./cookies.ts";
export { type ErrorCode, HttpOnlyError } from "./errors.ts";
