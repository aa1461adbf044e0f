import { route } from "httponly/next";
import { bareEndpoint } from "../../../declarations.ts";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = route(bareEndpoint);
