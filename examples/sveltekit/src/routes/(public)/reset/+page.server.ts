import { flows } from "$lib/auth.server";
import type { PageServerLoad } from "./$types";

const { resetPassword } = flows;
export const actions = { resetPassword };

/** The token of the mail's link goes back into the form. A form that failed has it in its own address no more. */
export const load: PageServerLoad = ({ url }) => ({ token: url.searchParams.get("token") });
