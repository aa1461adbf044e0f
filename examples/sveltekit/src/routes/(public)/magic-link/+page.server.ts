import { flows } from "$lib/auth.server";
import type { PageServerLoad } from "./$types";

const { useMagicLink } = flows;
export const actions = { useMagicLink };

/** The token of the mail's link, for the form. */
export const load: PageServerLoad = ({ url }) => ({ token: url.searchParams.get("token") });
