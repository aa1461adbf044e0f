import { clientAddress, route } from "httponly/sveltekit";
import { proxy } from "../../../../../../declarations.ts";

export const trailingSlash = "ignore";
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(proxy(clientAddress));
