import { flows } from "$lib/auth.server";

const { sendVerification } = flows;
export const actions = { sendVerification };
