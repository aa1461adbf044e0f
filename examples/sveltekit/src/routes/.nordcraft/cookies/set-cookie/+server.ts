import { cookieEndpoint } from "httponly/server";
import { route } from "httponly/sveltekit";

// The session of the account pages is not the page's to set: that `auth` is known in this process is enough.
// setHttpOnlyCookie() and deleteHttpOnlyCookie() of the page call this address.
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(cookieEndpoint());
