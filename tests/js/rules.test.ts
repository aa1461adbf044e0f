// The page's texts are written a second time, in js/errors.ts, because its wasm module has no room for them. The table
// that tests/rules.rs keeps is what holds both together.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { HttpOnlyError, refusal } from "../../js/errors.ts";
import * as production from "../../js/sentences.production.ts";
import rows from "../vectors/rules.json" with { type: "json" };

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The members of the union, as the compiler reads them. */
function codesOfTheUnion(): string[] {
  const source = ts.createSourceFile("errors.ts", read("js/errors.ts"), ts.ScriptTarget.Latest);
  for (const statement of source.statements)
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === "ErrorCode")
      if (ts.isUnionTypeNode(statement.type))
        return statement.type.types.map((type) =>
          ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? type.literal.text : "",
        );
  throw new Error("js/errors.ts has no union ErrorCode");
}

/** The rule that no module is there to say: the loader does. */
const WASM_BLOCKED = 31;

describe("the page says what the rules in Rust say", () => {
  const page = rows.filter(({ number }) => number <= WASM_BLOCKED);

  test("its rules are numbered from 1 without a gap, and the last is the one that no module can say", () => {
    expect(page.map(({ number }) => number)).toEqual(Array.from({ length: WASM_BLOCKED }, (_, i) => i + 1));
    expect(page.at(-1)?.rule).toBe("WasmBlocked");
  });

  test.each(page.slice(0, -1))("$number $rule", ({ number, code, text }) => {
    const error = refusal(number);
    expect(error).toBeInstanceOf(HttpOnlyError);
    expect(error).toMatchObject({ code, message: text, rule: text });
  });

  test("what must be is told with what there was instead, but for names and values", () => {
    expect(refusal(26, { expires: 7 }).message).toBe("expires must be a valid Date, got 7");
    expect(refusal(24, { maxAge: "1h" }).message).toBe("maxAge must be a number of seconds, got 1h");
    expect(refusal(17, { sameSite: {} }).message).toBe("sameSite must be Lax, Strict or None, got object");
    expect(refusal(4, { value: 123456 }).message).toBe("a cookie value must be a string, got number");
    expect(refusal(1, { name: Symbol("s") }).message).toBe("a cookie name must be a string, got symbol");
    expect(refusal(16, { includeSubdomains: Symbol("s") }).message).toContain("got Symbol(s)");
    expect(refusal(10, { path: "x" }).rule).toBe("a path must start with /");
  });

  test("a bundle for production says the rule's number, which docs/errors.md explains", () => {
    const docs = read("docs/errors.md");
    for (const { number, text } of page.slice(0, -1)) {
      expect(production.sentence(number + 0x3b * 256 + 2 ** 24)).toEqual([`httponly: rule ${number}`, ""]);
      expect(docs).toContain(`| ${number} | ${text.replaceAll("|", "\\|")} |`);
    }
  });

  test("a refusal that blames a character names it and its index", () => {
    const at = (rule: number, unit: number, index: number) =>
      refusal(rule + unit * 2 ** 8 + (index + 1) * 2 ** 24).message.split("): ")[1];
    expect(at(3, 0x3b, 1)).toBe('";" (U+003B) at index 1');
    expect(at(5, 0x0a, 0)).toBe("U+000A at index 0");
    expect(at(5, 0x7f, 4095)).toBe("U+007F at index 4095");
    expect(at(3, 0x80, 1)).toBe("U+0080 at index 1");
    expect(at(3, 0xfc, 2 ** 28)).toBe('"ü" (U+00FC) at index 268435456');
    // Units whose low bits look like a control character, and those that are no character alone.
    expect(at(3, 0x100, 0)).toBe('"Ā" (U+0100) at index 0');
    expect(at(3, 0xd83c, 0)).toBe("U+D83C at index 0");
  });
});

describe("ErrorCode", () => {
  test("has every code that a rule has", () => {
    const union = codesOfTheUnion();
    expect(rows.map(({ code }) => code).filter((code) => !union.includes(code))).toEqual([]);
    expect(new Set(union).size).toBe(union.length);
  });

  test("is the list of codes of src/error.rs, in its order", () => {
    const codes = [...read("src/error.rs").matchAll(/^ {4}\w+ "([a-z-]+)" \d{3} "/gm)].map(
      ([, name]) => name,
    );
    expect(codes.length).toBeGreaterThan(30);
    expect(codesOfTheUnion()).toEqual(codes);
  });
});
