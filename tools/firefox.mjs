// Finds Firefox, and installs it where that can be done: Debian, as root. Where there is none, the attacks run in
// Chromium alone, and this says so.
import { spawnSync } from "node:child_process";
import { unattended } from "./unattended.mjs";

const has = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
const browser = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

if (!has(browser) && process.getuid?.() === 0 && has("apt-get")) {
  console.log("setup: Firefox, by apt-get");
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "-o", "Dpkg::Options::=--force-confold", "firefox-esr"],
  ]) {
    const { status, stdout, stderr } = spawnSync("apt-get", args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: unattended(),
      encoding: "utf8",
    });
    if (status !== 0) console.error(`${stdout}${stderr}`);
  }
}

if (!has(browser))
  console.error(`The attacks run in Chromium alone: there is no ${browser}
  Debian:     sudo apt-get install firefox-esr
  elsewhere:  install Firefox, then set FIREFOX=/path/to/firefox`);
