// Releases the package. The version stands in Cargo.toml alone; `make build` writes it into the package.
//
//   node tools/release.mjs check            what a release needs, of the version in Cargo.toml; changes nothing
//   node tools/release.mjs prepare 0.2.0    writes the version and dates the changelog, commits both, and tags
//   node tools/release.mjs publish          checks, and publishes pkg/ with provenance; the release workflow runs it
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const VERSION = /^version = "(.*)"$/m;
const SEMVER = /^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/;
const [command = "check", wanted] = process.argv.slice(2);

function run(program, args, { quiet = false } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: quiet ? "pipe" : ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) fail(`${program} ${args.join(" ")}: ${error?.message ?? stderr ?? stdout}`);
  return stdout;
}

function fail(message) {
  console.error(`release: ${message}`);
  process.exit(1);
}

const versionOf = () =>
  VERSION.exec(readFileSync("Cargo.toml", "utf8"))?.[1] ?? fail("Cargo.toml has no version");

/** The part of the changelog about a version, or about what is not released. */
function notes(version) {
  const parts = readFileSync("CHANGELOG.md", "utf8").split(/^## /m);
  const part = parts.find((text) => text.startsWith(version));
  return part?.slice(part.indexOf("\n") + 1).trim();
}

/** What the packed tarball holds, from the built package. */
function packed() {
  const { name, version, repository } = JSON.parse(readFileSync("pkg/package.json", "utf8"));
  const [{ files, filename, size }] = JSON.parse(
    run("npm", ["pack", "--dry-run", "--json", "./pkg"], { quiet: true }),
  );
  return { name, version, repository, filename, size, paths: files.map(({ path }) => path) };
}

function check() {
  const version = versionOf();
  if (!SEMVER.test(version)) fail(`the version in Cargo.toml must be one like 0.2.0, got ${version}`);
  const text = notes(version) ?? notes("Unreleased");
  if (!text) fail(`CHANGELOG.md must say what ${version} brings`);
  const pack = packed();
  if (pack.version !== version) fail(`pkg/ is version ${pack.version}, not ${version}: run make build`);
  for (const needed of ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "dist/index.js"])
    if (!pack.paths.includes(needed)) fail(`the package must hold ${needed}`);
  console.log(
    `release: ${pack.filename}, ${pack.paths.length} files, ${Math.round(pack.size / 1024)} KB packed`,
  );
  return pack;
}

function prepare(version) {
  if (!SEMVER.test(version ?? "")) fail(`prepare takes a version like 0.2.0, got ${version}`);
  if (run("git", ["status", "--porcelain"], { quiet: true })) fail("commit or stash your changes first");
  if (run("git", ["tag", "--list", `v${version}`], { quiet: true }))
    fail(`there is a tag v${version} already`);
  if (!notes("Unreleased")) fail("CHANGELOG.md must say below Unreleased what this version brings");
  const today = new Date().toISOString().slice(0, 10);
  const replace = (file, pattern, by) => writeFileSync(file, readFileSync(file, "utf8").replace(pattern, by));
  replace("Cargo.toml", VERSION, `version = "${version}"`);
  replace("CHANGELOG.md", "## Unreleased\n", `## Unreleased\n\n## ${version} (${today})\n`);
  run("cargo", ["update", "--workspace", "--offline"], { quiet: true });
  run("git", ["commit", "--quiet", "--all", "--message", `release: ${version}`]);
  run("git", ["tag", "--annotate", `v${version}`, "--message", notes(version)]);
  console.log(`release: v${version} is committed and tagged; push both, and the release workflow publishes it:
  git push --follow-tags`);
}

function publish() {
  const { version, repository } = check();
  // npm compares it with the workflow's repository before it takes a provenance.
  if (!repository) fail("pkg-template/package.json must name the repository before anything is published");
  if (notes(version) === undefined) fail(`CHANGELOG.md must have a part about ${version}`);
  run("npm", ["publish", "--provenance", "--access", "public", "./pkg"]);
}

const commands = { check, prepare: () => prepare(wanted), publish };
(Object.hasOwn(commands, command)
  ? commands[command]
  : () => fail(`there is no command ${command}: check, prepare, publish`))();
