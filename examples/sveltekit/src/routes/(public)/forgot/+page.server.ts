import { flows } from "$lib/auth.server";

const { requestReset } = flows;
export const actions = { requestReset };
