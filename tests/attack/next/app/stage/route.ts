import { route } from "httponly/next";
import { stage } from "../../../declarations.ts";

export const dynamic = "force-dynamic";
export const { GET } = route(stage);
