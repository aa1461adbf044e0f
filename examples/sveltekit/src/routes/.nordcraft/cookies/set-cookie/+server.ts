import { cookieEndpoint } from "httponly/server";
import { route } from "httponly/sveltekit";

// setHttpOnlyCookie() and deleteHttpOnlyCookie() of the page call this address.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(cookieEndpoint());
