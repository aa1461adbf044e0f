/**
 * What a backend said of a session, as it is kept.
 *
 * @module
 */
import type { SessionAnswer } from "./types.ts";

/** What the backend said of a session. */
export interface Finding {
  status: SessionAnswer["status"];
  /** Of the user, where one is signed in. */
  id?: string | undefined;
  /** Of the user, in lower case, or empty. */
  email: string;
  /** Milliseconds since 1970, after which it is not to be used. */
  expires: number;
  /** Milliseconds since 1970 when the session began; 0 if the backend does not say. */
  began: number;
  /** Whether the backend wants to be asked by POST to renew it. */
  wantsRenewal: boolean;
  /** JSON: whoever takes it gets objects of his own. */
  user: string;
  session: string;
  /** JSON, or empty. */
  data: string;
  /** The backend's `Set-Cookie` lines, which go to one who asked. */
  lines: string[];
}

/** What is found where a backend does not answer. */
export const NOBODY_CAN_TELL: Finding = {
  status: "unavailable",
  email: "",
  expires: 0,
  began: 0,
  wantsRenewal: false,
  user: "null",
  session: "null",
  data: "",
  lines: [],
};
