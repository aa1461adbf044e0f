/// <reference types="svelte" />
declare global {
  namespace App {
    interface Locals {
      /** When the cookie with the API's token ends, ISO 8601; null for a visitor without one. */
      sessionEnds: string | null;
    }
  }
}

export {};
