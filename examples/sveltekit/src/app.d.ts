/// <reference types="svelte" />
import type { SessionLocals } from "httponly/sveltekit";

declare global {
  namespace App {
    interface Locals extends SessionLocals {
      /** When the cookie with the API's token ends, ISO 8601; null for a visitor without one. */
      sessionEnds: string | null;
    }
  }
}
