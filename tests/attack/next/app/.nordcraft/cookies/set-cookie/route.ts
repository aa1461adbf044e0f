import { route } from "httponly/next";
import { endpoint } from "../../../../../declarations.ts";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(endpoint);
