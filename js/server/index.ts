export { type ErrorCode, HttpOnlyError } from "../errors.ts";
export {
  decodeToken,
  getRequestCookies,
  parseSetCookie,
  type SetCookie,
  type SetCookieAttributes,
  serializeSetCookie,
  splitSetCookie,
} from "./cookies.ts";
export { type CookieEndpointOptions, cookieEndpoint } from "./endpoint.ts";
export { proveSameOrigin } from "./origin.ts";
