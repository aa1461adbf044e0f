/** Who has an account there. */
export const PEOPLE: readonly { email: string; name: string; password: string }[];

/** What a client needs to know. */
export const CLIENT: { readonly clientId: string; readonly clientSecret: string };

/** Starts an OpenID provider on 127.0.0.1. */
export function createProvider(options: {
  port?: number;
  redirectUris: string[];
}): Promise<{ readonly url: string; close(): Promise<void> }>;
