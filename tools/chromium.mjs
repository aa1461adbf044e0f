// Finds Chromium and ChromeDriver, and installs them where that can be done: Debian, as root. Prints nothing if both
// are there; otherwise says what is missing, and how it is installed elsewhere.
import { spawnSync } from "node:child_process";
import { unattended } from "./unattended.mjs";

const has = (command) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
const browser = process.env.CHROMIUM ?? "/usr/bin/chromium";
const missing = () =>
  [browser, process.env.CHROMEDRIVER ?? "chromedriver"].filter((command) => !has(command));

if (missing().length && process.getuid?.() === 0 && has("apt-get")) {
  console.log("setup: Chromium and ChromeDriver, by apt-get");
  const stdio = ["ignore", "pipe", "pipe"];
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "-o", "Dpkg::Options::=--force-confold", "chromium", "chromium-driver"],
  ]) {
    const { status, stdout, stderr } = spawnSync("apt-get", args, {
      stdio,
      env: unattended(),
      encoding: "utf8",
    });
    if (status !== 0) console.error(`${stdout}${stderr}`);
  }
}

const still = missing();
if (still.length) {
  console.error(`The tests drive a real browser, and these do not run: ${still.join(", ")}
  Debian, Ubuntu:  sudo apt-get install chromium chromium-driver
  elsewhere:       install Chromium or Chrome and the ChromeDriver of the same version, then set
                   CHROMIUM=/path/to/chromium and CHROMEDRIVER=/path/to/chromedriver`);
  process.exit(1);
}
