import adapter from "@sveltejs/adapter-node";
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

/** @type {import("@sveltejs/kit").Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    adapter: adapter(),
    // httponly runs under a strict policy; its one need is 'wasm-unsafe-eval'.
    csp: {
      directives: {
        "default-src": ["none"],
        "script-src": ["self", "wasm-unsafe-eval"],
        "style-src": ["self"],
        // SvelteKit's announcer of navigations carries a style attribute.
        "style-src-attr": ["unsafe-inline"],
        "img-src": ["self", "data:"],
        "connect-src": ["self"],
        "form-action": ["self"],
        "frame-ancestors": ["none"],
        "base-uri": ["none"],
      },
    },
  },
};
