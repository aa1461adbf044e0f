import { accountActions } from "httponly/sveltekit";
import { auth } from "$lib/auth.server";

export const actions = { ...accountActions(auth) };
