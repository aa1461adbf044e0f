import { clientAddress } from "httponly/sveltekit";
import { backend } from "../../../declarations.ts";

export const auth = backend(clientAddress);
