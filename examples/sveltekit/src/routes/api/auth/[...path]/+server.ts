import { route } from "httponly/sveltekit";
import { auth } from "$lib/auth.server";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(auth.handler);
