import type { BetterAuthOptions } from "better-auth";

/** The demo users, one a role. */
export const USERS: readonly { email: string; name: string; password: string; role: string }[];

/** What a backend keeps its users and sessions in. */
export type Tables = Record<
  "user" | "session" | "account" | "verification" | "rateLimit",
  Record<string, unknown>[]
>;

/** A mail that was sent. */
export interface Mail {
  kind: "verify-email" | "magic-link" | "reset-password";
  to: string;
  /** Leads to the app. */
  link: string;
  token: string;
  /** ISO 8601 */
  sent: string;
}

/** A backend that listens. */
export interface Backend {
  readonly url: string;
  /** Newest first. */
  readonly outbox: Mail[];
  readonly tables: Tables;
  /** Stops listening and breaks every connection. */
  close(): Promise<void>;
}

export function createTables(): Tables;

/** Starts a backend on 127.0.0.1 with the demo users in it. */
export function createBackend(options?: {
  port?: number;
  origins?: string[];
  secret?: string;
  tables?: Tables;
  secure?: boolean;
  domain?: string;
  lifetime?: number;
  attempts?: number;
  hostOnly?: boolean;
  configure?: (options: BetterAuthOptions) => BetterAuthOptions;
  databaseUrl?: string;
  provider?: {
    issuer: string;
    clientId: string;
    clientSecret: string;
    responseMode?: "query" | "form_post";
  };
}): Promise<Backend>;
