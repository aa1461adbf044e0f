export { type ErrorCode, HttpOnlyError } from "../errors.ts";
