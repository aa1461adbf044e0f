import type { Device } from "$lib/account/device";
import { flows } from "$lib/auth.server";
import type { PageServerLoad } from "./$types";

const { signout, signoutEverywhere, revokeSession, revokeOtherSessions } = flows;
export const actions = { signout, signoutEverywhere, revokeSession, revokeOtherSessions };

/** The user's sessions, this one first; null while the backend is away. */
export const load: PageServerLoad = async ({ fetch, locals }) => {
  const answer = await fetch("/api/auth/list-sessions");
  if (!answer.ok) return { devices: null };
  const own = ({ id }: Device) => Number(id === locals.session?.id);
  const devices = (await answer.json()) as Device[];
  return { devices: devices.sort((a, b) => own(b) - own(a) || b.createdAt.localeCompare(a.createdAt)) };
};
