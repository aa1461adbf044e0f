/**
 * Why a sign-in failed, as an error.
 *
 * @module
 */
import { HttpOnlyError } from "../../errors.ts";
import { callWasm, type ServerRefusal } from "../../wasm/server.ts";

/** Where something went wrong. */
export type AuthStage =
  | "start"
  | "callback"
  | "credentials"
  | "magic-link"
  | "second-factor"
  | "profileToUser"
  | "userToSession"
  | "sessionToJwt"
  | "signJwt"
  | "verifyJwt"
  | "jwtToSession"
  | "sessionToUser"
  | "session"
  | "signout";

/** A failed sign-in, as `onError` hears of it. `cause` is what was thrown, and never leaves the server. */
export interface AuthError extends HttpOnlyError {
  /** `INVALID_CREDENTIALS`, say, or the provider's own code, such as `access_denied`. */
  readonly reason: string;
  readonly stage: AuthStage;
  readonly provider?: string;
  /** Seconds, where attempts are too many. */
  readonly retryAfter?: number;
  readonly status: number;
  readonly cause?: unknown;
}

interface Told {
  code: HttpOnlyError["code"];
  status: number;
  reason: string;
  message: string;
}

/** The error of a reason, by the table in src/sign_in/failure.rs. */
export function failed(
  reason: string,
  stage: AuthStage,
  more: { provider?: string | undefined; cause?: unknown; field?: string | undefined } = {},
): AuthError {
  const told = callWasm((m) => m.signInFailure(reason)) as Told;
  const error = new HttpOnlyError(told.code, told.message, undefined, more.cause);
  return Object.assign(error, {
    reason: told.reason,
    status: told.status,
    stage,
    ...(more.provider !== undefined && { provider: more.provider }),
    ...(more.field !== undefined && { field: more.field }),
  }) as AuthError;
}

/** Whether an error has a stage already. */
export function isFailure(thrown: unknown): thrown is AuthError {
  return thrown instanceof HttpOnlyError && typeof (thrown as Partial<AuthError>).stage === "string";
}

/** Any error as a failure: one of the rules keeps its code, all else is the app's fault and has no word of its own. */
export function asFailure(thrown: unknown, stage: AuthStage, provider?: string): AuthError {
  if (isFailure(thrown)) return thrown;
  if (thrown instanceof HttpOnlyError && (thrown as Partial<ServerRefusal>).status !== undefined) {
    const { code } = thrown;
    const reason =
      code === "too-large" ? "TOO_LARGE" : code === "cross-origin" ? "CROSS_ORIGIN" : "INVALID_BODY";
    return Object.assign(thrown, { reason, stage }) as AuthError;
  }
  return failed("APP_ERROR", stage, { provider, cause: thrown });
}
