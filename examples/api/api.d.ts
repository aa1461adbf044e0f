import type { Server } from "node:http";

/** The demo users. */
export const USERS: readonly { id: string; email: string; name: string; password: string }[];

/** Makes the server; the caller calls `listen`. */
export function createApi(options?: {
  secret?: Uint8Array;
  lifetime?: number;
  interval?: number;
  events?: number;
  pace?: number;
}): Server;
