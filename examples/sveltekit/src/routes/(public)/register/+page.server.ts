import { flows } from "$lib/auth.server";

const { signup } = flows;
export const actions = { signup };
