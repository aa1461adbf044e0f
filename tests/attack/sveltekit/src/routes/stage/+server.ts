import { route } from "httponly/sveltekit";
import { stage } from "../../../../declarations.ts";

export const { GET } = route(stage);
