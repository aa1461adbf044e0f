/**
 * `{{ cookies.name }}`: puts cookies in the place of templates.
 *
 * @module
 */
import { callWasm, text } from "../wasm/server.ts";

/** Where a text with templates stands, which decides how values are encoded. */
export type TemplateContext = "text" | "json" | "form" | "query" | "header";

/**
 * Puts the values of cookies in the place of `{{ cookies.name }}`, in one pass: what a value contains is not looked
 * at again. An absent cookie becomes the empty string, as does a `null` input.
 *
 * @param cookies values by name; only own properties count
 * @param context default `"text"`: values stand as they are. `"json"` escapes for a JSON string, `"form"` and
 *   `"query"` encode pairs, `"header"` refuses what a header cannot carry
 * @throws HttpOnlyError `header-invalid`
 * @throws TypeError if `input` is neither a string nor missing, `cookies` is no object, or `context` is none of the five
 */
export function applyTemplateValues(
  input: string | null,
  cookies: Record<string, string>,
  context: TemplateContext = "text",
): string {
  if (input == null) return "";
  text("input", input);
  text("context", context);
  if (typeof cookies !== "object" || cookies === null) throw new TypeError("cookies is an object");
  return callWasm((m) => m.applyTemplateValues(input, cookies, context));
}
