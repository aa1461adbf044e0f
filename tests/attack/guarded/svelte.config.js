import adapter from "@sveltejs/adapter-node";

// One app, built twice: at the root of its origin, and below a base.
const base = process.env.BASE ?? "";
const variant = process.env.VARIANT ?? (base ? "-base" : "");

/** @type {import("@sveltejs/kit").Config} */
export default {
  kit: {
    adapter: adapter({ out: `build${variant}` }),
    outDir: `.svelte-kit${variant}`,
    paths: { base },
  },
};
