/** The types of own sign-in: `tsc` is the test. */
import {
  type Auth,
  createAuth,
  credentials,
  github,
  google,
  magicLink,
  oidc,
  type SessionAnswer,
  type StandardSchemaV1,
} from "httponly/server";

const own = { clientId: "id", clientSecret: "secret" };

export const auth = createAuth({
  secret: ["new", "old"],
  providers: [
    google(own),
    github(own),
    oidc({ id: "corp", issuer: "https://idp.example", clientId: "" }),
    credentials<{ email: string; password: string }>({
      async getProfile({ email, password }) {
        return password === "x" ? { id: "1", email } : null;
      },
    }),
    magicLink({
      async send({ email, url }) {
        void [email, url];
      },
    }),
  ],
  async profileToUser(profile, { current, tokens }) {
    void [current?.id, tokens?.accessToken];
    switch (profile.provider) {
      case "google": {
        const hd: string | undefined = profile.hd;
        return { id: profile.sub, email: profile.email ?? "", plan: "free" as const, hd };
      }
      case "github": {
        const email: string | null = profile.email;
        return {
          id: String(profile.id),
          email: email ?? profile.login,
          plan: "free" as const,
          hd: undefined,
        };
      }
      case "corp":
        return { id: profile.iss + profile.sub, email: "", plan: "free" as const, hd: undefined };
      case "credentials": {
        const id: string = profile.id;
        return { id, email: profile.email ?? "", plan: "free" as const, hd: undefined };
      }
      case "magic-link": {
        const verified: true = profile.emailVerified;
        return {
          id: profile.email,
          email: profile.email,
          plan: verified && ("free" as const),
          hd: undefined,
        };
      }
      // @ts-expect-error there is no such provider
      case "gitlab":
        return null;
    }
  },
  onError({ error }) {
    if (error.reason === "access_denied") return { redirect: "/login" };
  },
});

export async function answers(request: Request) {
  const { user, session } = await auth.getSession(request);
  const plan: "free" | undefined = user?.plan;
  const end: string | undefined = session?.expiresAt;
  await auth.tokens(request, "google");
  // @ts-expect-error there is no such provider
  await auth.tokens(request, "gitlab");
  // @ts-expect-error a user of this app has no such field
  void user?.role;
  const swapped: Pick<Auth<{ id: string }>, "handler" | "getSession" | "purge"> = auth;
  const said: Promise<SessionAnswer<{ id: string; plan: "free" }>> = auth.getSession(request);
  return [plan, end, swapped, said];
}

/** Order does not matter, and sessions may be an app's own. */
export const other = createAuth({
  profileToUser: async (profile) =>
    profile.provider === "google"
      ? { id: profile.sub, email: profile.email ?? "" }
      : { id: profile.id, email: profile.email ?? "" },
  providers: [
    google(own),
    credentials<{ email: string; password: string }>({ getProfile: async () => null }),
  ],
  secret: "s",
  userToSession: (user, { provider }) => {
    const name: "google" | "credentials" = provider;
    return { uid: user.id, plan: "pro" as const, name };
  },
  sessionToJwt: (session) => ({ uid: session.uid, p: session.plan }),
  jwtToSession: (jwt) => ({ uid: String(jwt.uid), plan: "pro" as const, name: "google" as const }),
  sessionToUser: (session) => ({ id: session.uid, email: "" }),
});
export const plan = async (request: Request): Promise<"pro" | undefined> =>
  (await other.getSession(request)).session?.plan;

declare const schema: StandardSchemaV1<{ age: string }, { age: number }>;
export const withSchema = createAuth({
  secret: "s",
  providers: [
    credentials({
      fields: schema,
      getProfile(fields) {
        const age: number = fields.age;
        return { id: "1", age };
      },
    }),
  ],
  profileToUser(profile) {
    const age: number = profile.age;
    return { id: profile.id, age };
  },
});

export const annotated = createAuth({
  secret: "s",
  providers: [
    credentials({
      async getProfile(c: { pin: string }) {
        return { id: c.pin, level: 3 };
      },
    }),
  ],
  profileToUser(profile) {
    const level: number = profile.level;
    return { id: profile.id, level };
  },
});

// @ts-expect-error an issuer is needed
oidc({ id: "corp", clientId: "" });
// @ts-expect-error no such option
google({ ...own, hostedDomian: "example.com" });

/** What takes a backend's sessions takes these. */
import * as next from "httponly/next";
import * as kit from "httponly/sveltekit";

export const adapters = [
  kit.sessionHandle(auth, { guard: kit.guard({ "/library": "signed-in" }) }),
  kit.accountActions(auth),
  kit.route(auth.handler),
  next.sessionProxy(auth),
  next.accountActions(auth),
];
export async function component(): Promise<"free" | undefined> {
  const { user } = await next.session(auth);
  return user?.plan;
}
