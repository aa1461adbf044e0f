import { route } from "httponly/sveltekit";
import { auth } from "../../../../../../declarations.ts";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(auth);
