// Follows docs/sveltekit.md as a newcomer would: its commands and its files, in an empty folder, with the package of this
// checkout in place of the published one. Then signs in, asks for a page and a stream, and signs out.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "httponly-guide-"));
const app = join(folder, "my-app");
const children = [];

function run(command, cwd) {
  console.log(`  $ ${command}`);
  const { status, stdout, stderr } = spawnSync("bash", ["-euc", command], {
    cwd,
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout;
}

async function start(args, cwd, env, url) {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: "ignore" });
  children.push(child);
  for (let tries = 0; tries < 100; tries++) {
    if (await fetch(url).catch(() => undefined)) return;
    await wait(100);
  }
  throw new Error(`nothing answers at ${url}`);
}

function expect(what, holds) {
  if (!holds) throw new Error(what);
  console.log(`  ${what}`);
}

try {
  const [packed] = JSON.parse(run(`npm pack --json --pack-destination ${folder}`, join(root, "pkg")));
  const guide = readFileSync(join(root, "docs/sveltekit.md"), "utf8");
  const blocks = [...guide.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language, text]) => ({
    language,
    text,
  }));
  const [setup] = blocks.filter(({ language }) => language === "sh");
  const [create, , ...install] = setup.text.trim().split("\n");
  run(create, folder);
  for (const line of install)
    run(
      line
        .replace(/ httponly$/, ` ${join(folder, packed.filename)}`)
        .replace("npm install", "npm install --no-audit --no-fund --loglevel=error"),
      app,
    );
  for (const { language, text } of blocks) {
    const path = /^(?:\/\/|<!--) (\S+)/.exec(text)?.[1];
    if (language === "sh" || path === undefined) continue;
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), text);
  }
  run("npm run build", app);

  const [apiPort, port] = [8798, 8799];
  const origin = `http://localhost:${port}`;
  const api = `http://127.0.0.1:${apiPort}`;
  await start([join(root, "examples/api/main.js")], root, { PORT: String(apiPort) }, api);
  await start(
    ["build"],
    app,
    { PORT: String(port), HOST: "127.0.0.1", ORIGIN: origin, API_URL: api },
    `http://127.0.0.1:${port}`,
  );
  const ask = (path, init = {}) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: "manual", ...init });
  const proof = { "x-httponly": "1", origin };

  expect("a visitor sees the form", (await (await ask("/")).text()).includes("Sign in"));
  expect("the proxy answers 401", (await ask("/api/proxy/api/me", { headers: proof })).status === 401);
  const body = new URLSearchParams({ email: "ada@example.com", password: "analytical" });
  const signedIn = await ask("/login", { method: "POST", body, headers: { origin } });
  const [line = ""] = signedIn.headers.getSetCookie();
  expect(
    "signing in sets an HttpOnly cookie",
    signedIn.status === 303 && /^access_token=.*; HttpOnly/.test(line),
  );
  const cookie = line.split(";")[0];
  const page = await (await ask("/", { headers: { cookie } })).text();
  expect(
    "the page is rendered with the API's answer, without the token",
    page.includes("Ada Lovelace") && !page.includes(cookie.slice(13)),
  );
  const stream = await ask("/api/proxy/api/events", {
    headers: { ...proof, cookie, "accept-encoding": "gzip" },
  });
  const first = await stream.body.getReader().read();
  const text = new TextDecoder().decode(first.value);
  expect("the first event arrives alone", text.includes("event: tick") && !text.includes('"number":2'));
  const out = await ask("/.nordcraft/cookies/set-cookie", {
    method: "POST",
    headers: { ...proof, "content-type": "application/json" },
    body: JSON.stringify({ name: "access_token", value: "", ttl: 0 }),
  });
  expect("signing out deletes it", out.headers.getSetCookie()[0]?.includes("Max-Age=0"));
} finally {
  for (const child of children) {
    if (child.exitCode !== null) continue;
    child.kill();
    await once(child, "exit");
  }
  rmSync(folder, { recursive: true, force: true });
}
