/**
 * Builds the two apps where they are stale.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { buildStale } from "../attack/build.ts";
import { APPS } from "./apps.ts";

export default function build(): void {
  buildStale(Object.values(APPS), [fileURLToPath(new URL("declarations.ts", import.meta.url))]);
}
