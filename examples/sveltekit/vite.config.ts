import { sveltekit } from "@sveltejs/kit/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [sveltekit()],
  // Without "production": the pages show the sentences of refusals, which a page in production has as numbers.
  resolve: { conditions: ["module", "browser"] },
});
