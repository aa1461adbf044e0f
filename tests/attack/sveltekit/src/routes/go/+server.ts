import { route } from "httponly/sveltekit";
import { go } from "../../../../declarations.ts";

export const { GET } = route(go);
