/// <reference types="svelte" />
declare global {
  namespace App {}
}

export {};
