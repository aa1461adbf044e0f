"use server";

import { flows } from "../../lib/auth";

/** Forms post to these. They answer with what to say, or lead on; both work without JavaScript. */
export const {
  signin,
  signup,
  social,
  sendMagicLink,
  useMagicLink: consumeMagicLink,
  sendVerification,
  requestReset,
  resetPassword,
  signout,
  signoutEverywhere,
  revokeSession,
  revokeOtherSessions,
} = flows;
