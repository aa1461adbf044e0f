export { type ErrorCode, HttpOnlyError } from "../errors.ts";
export {
  type AccountPages,
  type Flow,
  type FlowAnswer,
  type FlowError,
  type FlowInput,
  type Notice,
  runFlow,
} from "./account.ts";
export { authBackend } from "./auth/backend.ts";
export type { AuthBackendOptions } from "./auth/options.ts";
export type { Auth, BackendAuth, Session, SessionAnswer, User } from "./auth/types.ts";
export type { BearerSource, BearerToken } from "./bearer.ts";
export {
  type CookieCarrier,
  decodeToken,
  getRequestCookies,
  parseSetCookie,
  type SetCookie,
  type SetCookieAttributes,
  serializeSetCookie,
  splitSetCookie,
} from "./cookies.ts";
export { type CookieEndpointOptions, cookieEndpoint } from "./endpoint.ts";
export {
  type Access,
  type AllowAnswer,
  type ErrorPage,
  type Guard,
  type GuardOptions,
  type GuardRefusal,
  type GuardVerdict,
  type GuardVisit,
  guard,
  type Requirement,
} from "./guard.ts";
export { proveSameOrigin } from "./origin.ts";
export { apiProxy } from "./proxy/handler.ts";
export type {
  HeaderSource,
  ProxyHandler,
  ProxyOptions,
  ProxySettings,
  Target,
} from "./proxy/options.ts";
export { safeRedirect } from "./redirect.ts";
export type { ErrorNames, ErrorReport, OnError, ReportedError } from "./refusal.ts";
export { createAuth } from "./sign-in/create-auth.ts";
export type { AuthError, AuthStage } from "./sign-in/failure.ts";
export {
  type CredentialsOptions,
  credentials,
  github,
  google,
  magicLink,
  type OAuthOptions,
  type OauthOptions,
  type OidcOptions,
  oauth,
  oidc,
  type SchemaOptions,
} from "./sign-in/providers.ts";
export type { StandardSchemaV1 } from "./sign-in/standard-schema.ts";
export type {
  CallbackContext,
  Claims,
  CreateAuthOptions,
  GitHubProfile,
  GoogleClaims,
  Jwt,
  MagicLinkProfile,
  OwnAuth,
  ProfileOf,
  Provider,
  Register,
  SecondFactor,
  Tokens,
} from "./sign-in/types.ts";
export type { Store } from "./store.ts";
export { applyTemplateValues, type TemplateContext } from "./template.ts";
export {
  type RefreshAnswer,
  type TokenRefreshOptions,
  tokenRefresh,
} from "./token-refresh.ts";
export type { UpstreamFetch } from "./transport.ts";
