import { flows } from "$lib/auth.server";

const { signin, sendMagicLink, social } = flows;
export const actions = { signin, sendMagicLink, social };
