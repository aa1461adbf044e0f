// Finds redis-server, and installs it where that can be done: Debian, as root. Without it, the tests of stores are
// skipped, with a line that says so.
import { spawnSync } from "node:child_process";
import { unattended } from "./unattended.mjs";

const has = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;

if (!has("redis-server") && process.getuid?.() === 0 && has("apt-get")) {
  console.log("setup: redis-server, by apt-get");
  const stdio = ["ignore", "pipe", "pipe"];
  for (const args of [
    ["update", "-qq"],
    // The tests start their own; a service of the system is not wanted.
    ["install", "-y", "-qq", "--no-install-recommends", "redis-server"],
  ]) {
    const { status, stdout, stderr } = spawnSync("apt-get", args, {
      stdio,
      env: { ...unattended(), RUNLEVEL: "1" },
      encoding: "utf8",
    });
    if (status !== 0) console.error(`${stdout}${stderr}`);
  }
}

if (!has("redis-server"))
  console.log(`skipped: the tests of stores, since redis-server is missing
  Debian, Ubuntu:  sudo apt-get install redis-server`);
