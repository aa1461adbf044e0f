import { flows } from "$lib/auth.server";

const { signIn, sendMagicLink, social } = flows;
export const actions = { signIn, sendMagicLink, social };
