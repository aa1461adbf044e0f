import { route } from "httponly/next";
import { proxy } from "../../../../../declarations.ts";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(proxy());
