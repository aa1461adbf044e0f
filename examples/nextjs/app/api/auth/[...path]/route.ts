import { route } from "httponly/next";
import { auth } from "../../../../lib/auth";

/** The backend's paths, as this app's own. */
export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(auth.handler);
