/**
 * Whose a request is, for an app, wherever that is known: at a backend, or here.
 *
 * @module
 */

/** Who is signed in. An app whose backend says more adds its own fields to this interface. */
export interface User {
  id: string;
  email: string;
  name: string | null;
  /** `customer`, `creator` or `admin`, or whatever else the app's backend calls its roles. */
  role: string;
  emailVerified: boolean;
  /** ISO 8601 */
  createdAt: string;
}

/** A session; its token is never part of it. */
export interface Session {
  id: string;
  userId: string;
  /** ISO 8601 */
  expiresAt: string;
}

/** Whose a request is. `user` and `session` belong to the caller: changing them changes nobody else's. */
export interface SessionAnswer<U = User, S = Session> {
  /**
   * - `authenticated`: `user` and `session` are there.
   * - `anonymous`: there is no session.
   * - `unavailable`: the backend is away, and nobody can tell. Answer 503; sign nobody out, redirect nobody.
   * - `rejected`: the backend refuses to say (403).
   */
  status: "authenticated" | "anonymous" | "unavailable" | "rejected";
  user: U | null;
  session: S | null;
  /** What the backend says beside user and session, without tokens (Better Auth's `customSession`). Absent for nothing. */
  data?: Record<string, unknown>;
  /**
   * `Set-Cookie` lines for the response: the backend's, and those that clear a dead cookie, which go with navigations
   * only.
   */
  setCookies: string[];
}

/** Sessions for an app, wherever they are kept. Own sign-in has users and sessions of the app's own making. */
export interface Auth<U = User, S = Session> {
  /** Below which its paths lie; without it, {@link BASE_PATH}. */
  readonly basePath?: string | undefined;
  /** The app's own origin, where it was declared; otherwise that of `request.url` counts. */
  readonly origin?: string | undefined;
  /** Answers the requests for the backend's paths. */
  handler(request: Request, platform?: unknown): Promise<Response>;
  /** Whose a request is; it never throws. */
  getSession(request: Request, platform?: unknown): Promise<SessionAnswer<U, S>>;
  /**
   * Forgets at once: one session, by its token as the cookie or the backend's own table has it; all sessions of a user;
   * or everything.
   */
  purge(what?: string | { userId: string }): void;
}

/** Sessions of a remote backend. */
export interface BackendAuth extends Auth {
  readonly basePath: string;
  /**
   * A webhook: the backend says by itself whose sessions ended or changed, in a POST that it signs with
   * `revocationSecret`. 204 when it is known to all instances; 401 for what is not signed, not of now, or was taken before.
   */
  revocations(request: Request): Promise<Response>;
}

/** Below which the paths of an {@link Auth} lie that does not say so. */
export const BASE_PATH = "/api/auth";
