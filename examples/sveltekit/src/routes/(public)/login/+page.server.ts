import { flows } from "$lib/auth.server";

const { signIn, sendMagicLink } = flows;
export const actions = { signIn, sendMagicLink };
