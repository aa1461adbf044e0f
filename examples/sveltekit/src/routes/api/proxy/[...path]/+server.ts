import { apiProxy } from "httponly/server";
import { clientAddress, route } from "httponly/sveltekit";
import { apiUrl, TOKEN } from "$lib/api.server";

// A path belongs to the API, a slash at its end too.
export const trailingSlash = "ignore";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(
  apiProxy({
    mount: "/api/proxy",
    // X-Forwarded-For for the API, from the adapter; what a client claims to be is dropped.
    clientAddress,
    targets: {
      /** The server adds the token: the page asks for /api/proxy/api/me and names no cookie. */
      api: { url: apiUrl, authorization: { bearer: TOKEN } },
      /** The page says where the token goes: Authorization: Bearer {{ cookies.access_token }}. */
      templated: { url: apiUrl, cookies: [TOKEN], templates: ["header"] },
      /** Gives back what it is sent, so it is granted no cookie: a template for one is refused. */
      echo: { url: `${apiUrl}/echo`, methods: ["POST"], templates: ["header", "body"] },
    },
  }),
);
