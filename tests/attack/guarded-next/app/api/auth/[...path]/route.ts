import { route } from "httponly/next";
import { auth } from "../../../../lib/auth";

export const { GET, POST } = route(auth.handler);
