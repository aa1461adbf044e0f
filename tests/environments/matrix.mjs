// Runs the environments and writes what worked into docs/environments.md.
//
//   node tests/environments/matrix.mjs [--quick] [--no-docs] [text in a row's name]
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ROWS } from "./rows.mjs";
import { startUpstream } from "./upstream.mjs";

const options = process.argv.slice(2);
const filter = options.find((option) => !option.startsWith("--"));
const rows = ROWS.filter(
  ({ name, quick }) => (!options.includes("--quick") || quick) && (!filter || name.includes(filter)),
);
const results = [];
for (const row of rows) {
  const began = Date.now();
  let result = row.skipped ? `not tried: ${row.skipped}` : "works";
  if (row.run) {
    const upstream = await startUpstream();
    try {
      await row.run(upstream);
    } catch (failed) {
      result = "fails";
      console.error(`${row.name}:\n${failed.stack}`.slice(0, 4000));
    } finally {
      await upstream.close();
    }
  }
  results.push({ name: row.name, result });
  console.log(`${row.name}: ${result}, ${Math.round((Date.now() - began) / 1000)} s`);
}

if (!filter && !options.includes("--quick") && !options.includes("--no-docs")) {
  const path = fileURLToPath(new URL("../../docs/environments.md", import.meta.url));
  const { version } = JSON.parse(
    readFileSync(fileURLToPath(new URL("../../pkg/package.json", import.meta.url)), "utf8"),
  );
  const table = ["| environment | the full check |", "|---|---|"];
  for (const { name, result } of results) table.push(`| ${name} | ${result} |`);
  const text = readFileSync(path, "utf8").replace(
    /<!-- table -->[\s\S]*<!-- end -->/,
    `<!-- table -->\nVersion ${version}, by \`make test-matrix\`:\n\n${table.join("\n")}\n<!-- end -->`,
  );
  writeFileSync(path, text);
}
const failed = results.filter(({ result }) => result === "fails");
const passed = results.filter(({ result }) => result === "works");
const skipped = results.length - passed.length - failed.length;
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped} skipped`);
process.exitCode = failed.length ? 1 : 0;
