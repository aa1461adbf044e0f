// Follows the guides in docs/ as a newcomer would: their commands and their files, in an empty folder, with the package
// of this checkout in place of the published one; then uses what came of it over real sockets.
//
//   node tools/check-guide.mjs [sveltekit|nextjs|…]   all of them when none is named
//
// A guide that passed is not followed again until it, the package or an example server changes; --again does it anyway.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { constants, createGunzip } from "node:zlib";
import { GUIDES } from "./guides.mjs";
import { unattended } from "./unattended.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamps = join(root, "node_modules/.guides");

function run(command, cwd) {
  console.log(`  $ ${command}`);
  const quiet = command.replace(/^npm install/, "npm install --no-audit --no-fund --loglevel=error");
  const { status, stdout, stderr } = spawnSync("bash", ["-euc", quiet], {
    cwd,
    encoding: "utf8",
    timeout: 300_000,
    stdio: ["ignore", "pipe", "pipe"],
    env: unattended(),
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout;
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** As `fetch` without redirects, but `Sec-Fetch-Mode` is what the headers say: Node's own always says `cors`. */
async function ask(url, init) {
  const { method, headers, body } = new Request(url, init);
  const bytes = body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined;
  const sent = { ...Object.fromEntries(headers), ...init.headers };
  const answer = await new Promise((done, failed) => {
    const asked = request(url, { method, headers: sent, agent: false }, done).on("error", failed);
    asked.end(bytes);
  });
  const kept = new Headers();
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    kept.append(answer.rawHeaders[i], answer.rawHeaders[i + 1]);
  const plain =
    answer.headers["content-encoding"] === "gzip"
      ? answer.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH }))
      : answer;
  return new Response(Readable.toWeb(plain), { status: answer.statusCode, headers: kept });
}

/** What a guide says: the commands of its first `sh` block, and its files, by the path in their first line. */
function read(guide) {
  const text = readFileSync(join(root, "docs", guide.page), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language,
    text,
  }));
  const shell = blocks.find(({ language }) => language === "sh");
  const commands = shell.text.replaceAll("\\\n", " ").trim().split("\n");
  const files = blocks.flatMap(({ language, text }) => {
    const path = /^(?:\/\/|<!--) (\S+)/.exec(text)?.[1];
    return language === "sh" || path === undefined ? [] : [{ path, text }];
  });
  return { commands, files };
}

async function follow(guide) {
  const { commands, files } = read(guide);
  const folder = mkdtempSync(join(tmpdir(), "httponly-guide-"));
  const children = [];
  const start = async (args, cwd, env, url) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: "ignore" });
    children.push(child);
    for (let tries = 0; tries < 300 && child.exitCode === null; tries++) {
      if (await fetch(url).catch(() => undefined)) return;
      await wait(100);
    }
    throw new Error(`nothing answers at ${url}`);
  };
  const expect = (what, holds, seen) => {
    if (!holds) throw new Error(`not so: ${what}${seen ? `: ${JSON.stringify(seen)}` : ""}`);
    console.log(`  ${what}`);
  };
  try {
    const [packed] = JSON.parse(run(`npm pack --json --pack-destination ${folder}`, join(root, "pkg")));
    let cwd = folder;
    for (const command of commands) {
      const into = /^cd (\S+)$/.exec(command)?.[1];
      if (into) cwd = join(cwd, into);
      else run(command.replace(/ httponly(@\S+)?$/, ` ${join(folder, packed.filename)}`), cwd);
    }
    for (const { path, text } of files) {
      mkdirSync(dirname(join(cwd, path)), { recursive: true });
      writeFileSync(join(cwd, path), text);
    }
    run("npm run build", cwd);
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    await guide.use({
      root,
      app: cwd,
      port,
      origin,
      start,
      freePort,
      expect,
      ask: (path, init = {}) => ask(origin + path, init),
    });
  } finally {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

const RUNNER = ["tools/check-guide.mjs", "tools/guides.mjs", "tools/unattended.mjs"];

/** What a guide's outcome depends on. */
function fingerprint(guide) {
  const hash = createHash("sha256").update(process.version);
  const add = (path) => {
    if (statSync(path).isDirectory())
      for (const name of readdirSync(path).sort()) name === "node_modules" || add(join(path, name));
    else hash.update(path.slice(root.length)).update(readFileSync(path));
  };
  for (const path of ["pkg", `docs/${guide.page}`, ...RUNNER]) add(join(root, path));
  for (const name of guide.servers) add(join(root, "examples", name));
  return hash.digest("hex");
}

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
mkdirSync(stamps, { recursive: true });
for (const name of names.length > 0 ? names : Object.keys(GUIDES)) {
  const guide = GUIDES[name];
  const stamp = join(stamps, `${name}-${fingerprint(guide)}`);
  if (existsSync(stamp) && !process.argv.includes("--again")) {
    console.log(`docs/${guide.page} passed before, and nothing has changed`);
    continue;
  }
  console.log(`docs/${guide.page}`);
  await follow(guide);
  writeFileSync(stamp, "");
}
