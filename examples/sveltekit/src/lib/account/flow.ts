/** What a form action of the account answers: see `accountActions` of httponly/sveltekit. */
export interface FlowResult {
  flow: string;
  notice?: string | null;
  error?: { code: string; message: string; field?: string; retryAfter?: number };
  values?: Record<string, string>;
}

const NOTICES: Record<string, string> = {
  "magic-link-sent": "Look into your mail: the link in it signs you in.",
  "reset-sent": "If there is an account with this address, a mail with a link is on its way.",
  "verification-sent": "Another mail is on its way.",
  "session-revoked": "That device is signed out.",
  "sessions-revoked": "All other devices are signed out.",
  "password-reset": "Your password is changed, and every device is signed out. Sign in with the new one.",
};

/** What to say to people. */
export const noticeText = (notice: string) => NOTICES[notice];

/** Whether a notice speaks of a mail. */
export const isMail = (notice: string) => notice.endsWith("-sent");

/** An error as a sentence, with the time to wait where there is one. */
export function errorText({ message, retryAfter }: NonNullable<FlowResult["error"]>): string {
  const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  if (retryAfter === undefined) return `${sentence}.`;
  const wait = retryAfter < 90 ? `${retryAfter} seconds` : `${Math.ceil(retryAfter / 60)} minutes`;
  return `${sentence}. Try again in ${wait}.`;
}
