/**
 * The apps under attack: how each is built and served.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const module = (path: string) => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const folder = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url));

export const APPS = {
  sveltekit: {
    folder: folder("sveltekit"),
    sources: ["src", "svelte.config.js", "vite.config.ts", "package.json"],
    built: "build/index.js",
    build: [module("vite/bin/vite.js"), "build", "--logLevel", "warn"],
    serve: (_port: number) => ["build/index.js"],
  },
  next: {
    folder: folder("next"),
    sources: ["app", "proxy.ts", "next.config.ts", "tsconfig.json", "package.json"],
    built: ".next/BUILD_ID",
    build: [module("next/dist/bin/next"), "build"],
    serve: (port: number) => [module("next/dist/bin/next"), "start", "-H", "127.0.0.1", "-p", String(port)],
  },
  /** No framework: a server of Node's own. */
  node: {
    folder: folder("node"),
    sources: ["server.ts", "build.mjs"],
    built: "build/server.mjs",
    build: ["build.mjs"],
    serve: (_port: number) => ["build/server.mjs"],
  },
} as const;

/** A SvelteKit app with accounts and guards, before a real authentication backend. */
export const ACCOUNT = {
  ...APPS.sveltekit,
  folder: folder("account"),
};

/** A SvelteKit app whose guard's keys reach into parameters, at the root of its origin and below a base. */
const GUARDED = {
  ...ACCOUNT,
  folder: folder("guarded"),
};
export const GUARDED_APPS = {
  "": { ...GUARDED, env: { BASE: "" } },
  "/app": {
    ...GUARDED,
    built: "build-base/index.js",
    env: { BASE: "/app" },
    serve: (_port: number) => ["build-base/index.js"],
  },
};

/** The same in development. */
export const GUARDED_IN_DEVELOPMENT = {
  folder: folder("guarded"),
  serve: (port: number) => [module("vite/bin/vite.js"), "dev", "--host", "127.0.0.1", "--port", String(port)],
};

/** A Next.js app with a guard, below a base. */
export const GUARDED_NEXT = {
  ...APPS.next,
  folder: folder("guarded-next"),
  sources: [...APPS.next.sources, "lib", "public"],
};
export const GUARDED_NEXT_IN_DEVELOPMENT = {
  ...GUARDED_NEXT,
  signal: "SIGTERM" as const,
  serve: (port: number) => [module("next/dist/bin/next"), "dev", "-H", "127.0.0.1", "-p", String(port)],
};

export type Framework = keyof typeof APPS;
export const FRAMEWORKS = Object.keys(APPS) as Framework[];
