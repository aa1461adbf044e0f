/**
 * The two apps of the checklist: how each is built and served.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { APPS as ATTACKED } from "../attack/apps.ts";

const folder = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));

export const APPS = {
  sveltekit: { ...ATTACKED.sveltekit, folder: folder("sveltekit"), ready: "/login" },
  next: {
    ...ATTACKED.next,
    folder: folder("next"),
    sources: ["app", "next.config.ts", "tsconfig.json", "package.json"],
    ready: "/up",
  },
} as const;
