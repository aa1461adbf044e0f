import type { SessionLocals } from "httponly/sveltekit";

declare global {
  namespace App {
    interface Locals extends SessionLocals {}
  }
}
