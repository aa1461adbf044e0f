export { type ErrorCode, HttpOnlyError } from "../errors.ts";
export { proveSameOrigin } from "./origin.ts";
