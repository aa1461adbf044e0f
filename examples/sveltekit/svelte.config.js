import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

// A Node server; `make demo-edge` names adapter-cloudflare, and nothing else is different there.
const { default: adapter } = await import(process.env.ADAPTER ?? "@sveltejs/adapter-node");

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
        // A form that leads to a provider's page, by a redirect, needs its origin here: Example ID's.
        "form-action": ["self", "http://127.0.0.1:*"],
        "frame-ancestors": ["none"],
        "base-uri": ["none"],
      },
    },
  },
};
