import { flows } from "$lib/auth.server";

const { signUp } = flows;
export const actions = { signUp };
