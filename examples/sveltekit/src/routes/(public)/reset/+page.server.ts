import { flows } from "$lib/auth.server";
import type { PageServerLoad } from "./$types";

const { resetPassword } = flows;
export const actions = { resetPassword };

/** The token of the mail's link, for the form. */
export const load: PageServerLoad = ({ url }) => ({ token: url.searchParams.get("token") });
