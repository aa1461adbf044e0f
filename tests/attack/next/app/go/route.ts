import { route } from "httponly/next";
import { go } from "../../../declarations.ts";

export const dynamic = "force-dynamic";
export const { GET } = route(go);
