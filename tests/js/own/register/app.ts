/** An app that declares its own sign-in: what `signin` takes then. `register.test.ts` has `tsc` check it. */
import { signin } from "httponly";
import type { auth } from "../types.test-d.ts";

declare module "httponly" {
  interface Register {
    auth: typeof auth;
  }
}

export async function page() {
  const signed = await signin({ provider: "credentials", credentials: { email: "a", password: "b" } });
  if (signed.twoFactor) return signed.twoFactor.methods;
  const plan: "free" = signed.user.plan;
  await signin({ provider: "credentials", credentials: { email: "a", password: "b", rememberMe: false } });
  await signin({ provider: "google", successCallback: "/", failureCallback: "/login" });
  await signin({ provider: "corp" });
  const mailed: { user: null } = await signin({ provider: "magic-link", credentials: { email: "a" } });
  // @ts-expect-error a field is missing
  await signin({ provider: "credentials", credentials: { email: "a" } });
  // @ts-expect-error there is no such provider
  await signin({ provider: "gitlab" });
  // @ts-expect-error a provider elsewhere takes no fields
  await signin({ provider: "google", credentials: { email: "a" } });
  return [plan, mailed];
}
