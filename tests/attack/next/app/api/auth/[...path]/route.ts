import { route } from "httponly/next";
import { auth } from "../../../../../declarations.ts";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(auth);
