/**
 * The session of own sign-in: claims in a cookie, sealed by this app or signed by its own key.
 *
 * @module
 */
import { callWasm, type SignInBinding } from "../../wasm/server.ts";
import type { SessionAnswer } from "../auth/types.ts";
import type { Store } from "../store.ts";
import { type AuthStage, asFailure, failed } from "./failure.ts";
import type { Sealer } from "./seal.ts";
import type { Awaitable, Jwt } from "./types.ts";

/** What the session needs of an app's options. */
export interface SessionOptions {
  userToSession?: ((user: never, context: never) => Awaitable<object>) | undefined;
  sessionToJwt?: ((session: never) => Awaitable<Record<string, unknown>>) | undefined;
  jwtToSession?: ((jwt: Jwt) => Awaitable<object | null>) | undefined;
  sessionToUser?: ((session: never) => Awaitable<object | null>) | undefined;
  signJwt?: ((jwt: Jwt) => Awaitable<string>) | undefined;
  verifyJwt?: ((token: string) => Awaitable<Record<string, unknown> | null>) | undefined;
}

/** A session that was read. */
export interface Read {
  jwt: Jwt;
  user: object;
  session: object;
  lines: string[];
}

/** What a request's session is. */
export type Reading =
  | ({ status: "authenticated" } & Read)
  /** `dead`: there is a cookie, and nobody is signed in by it. */
  | { status: "anonymous"; dead: boolean; lines: string[] };

/** The claims that are the library's own; `user` is, too, where the app does not say whose a session is. */
const OWN = ["sub", "sid", "iat", "exp", "auth_time", "idp", "idp_sub", "remember"];

/** Sessions, read and written. */
export interface Sessions {
  create(
    request: Request,
    signed: {
      user: object & { id: string };
      provider: string;
      platform: unknown;
      remember: boolean;
      /** Bytes that other cookies of this sign-in take. */
      taken: number;
      sid: string;
      subject: string | undefined;
    },
  ): Promise<string[]>;
  read(request: Request): Promise<Reading>;
  /** Ends one session everywhere that the store is known. */
  revoke(jwt: Jwt): Promise<void>;
  /** Ends all sessions of a user that began before now. */
  revokeUser(user: string): Promise<void>;
  /** The claims of a cookie's value. */
  claims(value: string): Promise<Jwt | undefined>;
}

/** Calls the app's callback; what it throws is a failure of that stage. */
export async function call<T>(stage: AuthStage, act: () => Awaitable<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw asFailure(thrown, stage);
  }
}

const seconds = () => Math.floor(Date.now() / 1000);

/**
 * Sessions by these options. `shared` is whether the store is known to other instances, and to a provider's back channel;
 * `absolute` is how many seconds a session lives at most.
 */
export function sessions(
  options: SessionOptions,
  door: SignInBinding,
  sealer: Sealer,
  store: Store,
  shared: boolean,
  absolute: number,
): Sessions {
  const { signJwt, verifyJwt } = options;

  async function write(jwt: Jwt): Promise<string> {
    if (signJwt === undefined) return sealer.seal("session", jwt);
    const token = await call("signJwt", () => signJwt(jwt));
    if (typeof token !== "string" || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token))
      throw failed("APP_ERROR", "signJwt", {
        cause: new TypeError("signJwt must give a JWS in compact form"),
      });
    return token;
  }

  async function claims(value: string): Promise<Jwt | undefined> {
    const read =
      verifyJwt === undefined
        ? await sealer.open("session", value)
        : await call("verifyJwt", () => verifyJwt(value));
    if (typeof read !== "object" || read === null) return undefined;
    const { sub, sid, iat, exp } = read;
    const texts = typeof sub === "string" && sub !== "" && typeof sid === "string" && sid !== "";
    const numbers = typeof iat === "number" && typeof exp === "number";
    if (!texts || !numbers) return undefined;
    const auth_time = typeof read.auth_time === "number" ? read.auth_time : iat;
    const idp = typeof read.idp === "string" ? read.idp : "";
    return { ...read, sub, sid, iat, exp, auth_time, idp };
  }

  /** When all sessions of this user last ended at once, in seconds: by the app, or by the provider's back channel. */
  async function endedAt(sub: string, idp: string, subject: unknown): Promise<number> {
    const keys = [`user:${sub}`];
    if (shared && typeof subject === "string") keys.push(`subject:${idp}:${subject}`);
    const times = await Promise.all(keys.map((key) => store.get(key)));
    return Math.max(...times.map(Number));
  }

  async function isRevoked({ sub, sid, auth_time, idp, idp_sub }: Jwt): Promise<boolean> {
    const [one, ended] = await Promise.all([store.get(`session:${sid}`), endedAt(sub, idp, idp_sub)]);
    return one !== null || auth_time <= ended;
  }

  const remains = (jwt: Jwt) => jwt.remember !== false;

  async function lines(header: string, jwt: Jwt, taken: number): Promise<string[]> {
    const value = await write(jwt);
    const maxAge = remains(jwt) ? jwt.exp - jwt.iat : undefined;
    return callWasm(() => door.setSession(header, value, maxAge, taken));
  }

  /** The app's session and user for claims; nothing for nobody. */
  async function resolve(jwt: Jwt): Promise<{ user: object; session: object } | undefined> {
    const { jwtToSession, sessionToUser } = options;
    const session =
      jwtToSession === undefined
        ? sessionOf(jwt, sessionToUser === undefined)
        : await call("jwtToSession", () => jwtToSession(jwt));
    if (session === null || typeof session !== "object") return undefined;
    const user =
      sessionToUser === undefined
        ? jwt.user
        : await call("sessionToUser", () => sessionToUser(session as never));
    return user === null || typeof user !== "object" ? undefined : { user: user as object, session };
  }

  return {
    claims,
    async create(request, { user, provider, platform, remember, taken, sid, subject }) {
      const now = seconds();
      // A session that begins after all others ended is younger, however coarse the clock is.
      const ended = await endedAt(user.id, provider, subject);
      const auth_time = Math.max(Date.now() / 1000, ended + 0.001);
      const end = Math.floor(door.end(auth_time, now));
      const { userToSession, sessionToJwt, sessionToUser } = options;
      const context = { provider, request, platform };
      const standard = { id: sid, userId: user.id, expiresAt: new Date(end * 1000).toISOString() };
      const session =
        userToSession === undefined
          ? standard
          : await call("userToSession", () => userToSession(user as never, context as never));
      if (typeof session !== "object" || session === null)
        throw failed("APP_ERROR", "userToSession", {
          cause: new TypeError("userToSession must give an object"),
        });
      const own =
        sessionToJwt !== undefined
          ? await call("sessionToJwt", () => sessionToJwt(session as never))
          : userToSession === undefined
            ? {}
            : session;
      if (typeof own !== "object" || own === null)
        throw failed("APP_ERROR", "sessionToJwt", {
          cause: new TypeError("sessionToJwt must give an object"),
        });
      const jwt: Jwt = {
        ...appClaims(own, sessionToUser === undefined),
        ...(sessionToUser === undefined && { user }),
        ...(!remember && { remember: false }),
        sub: user.id,
        sid,
        iat: now,
        exp: end,
        auth_time,
        idp: provider,
        ...(shared && subject !== undefined && { idp_sub: subject }),
      };
      return lines(request.headers.get("cookie") ?? "", jwt, taken);
    },
    async read(request) {
      const header = request.headers.get("cookie") ?? "";
      const value = callWasm(() => door.session(header));
      const said = (name: string) => request.headers.get(name) ?? undefined;
      const purpose = callWasm((m) =>
        m.purposeOf(
          request.method,
          said("sec-fetch-dest"),
          said("sec-fetch-mode"),
          said("sec-purpose"),
          said("accept"),
        ),
      );
      if (value === undefined) return { status: "anonymous", dead: false, lines: [] };
      const dead = (): Reading => ({
        status: "anonymous",
        dead: true,
        lines: purpose > 0 ? callWasm(() => door.clearSession(header)) : [],
      });
      const jwt = value === "" ? undefined : await claims(value);
      if (jwt === undefined) return dead();
      const now = seconds();
      const end = callWasm(() => door.judge(jwt.iat, jwt.exp, jwt.auth_time, now, purpose === 2));
      if (end === undefined || callWasm(() => door.isBuried(header, jwt.sid)) || (await isRevoked(jwt)))
        return dead();
      const renewed = end > jwt.exp;
      const current: Jwt = renewed ? { ...jwt, iat: now, exp: Math.floor(end) } : jwt;
      const found = await resolve(current);
      if (found === undefined) return dead();
      return {
        status: "authenticated",
        jwt: current,
        ...found,
        // A session that cannot be renewed lives on to its end.
        lines: renewed ? await lines(header, current, 0).catch(() => []) : [],
      };
    },
    async revoke({ sid, auth_time }) {
      const now = seconds();
      await store.set(`session:${sid}`, "1", Math.max(1, Math.ceil(door.end(auth_time, now) - now)));
    },
    async revokeUser(user) {
      await store.set(`user:${user}`, String(Date.now() / 1000), absolute);
    },
  };
}

/** The claims that are the app's. */
function appClaims(claims: object, ownsUser: boolean): Record<string, unknown> {
  const own = new Set(ownsUser ? [...OWN, "user"] : OWN);
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !own.has(name)));
}

/** The session of claims, where the app has no word in it. */
function sessionOf(jwt: Jwt, ownsUser: boolean): object {
  const standard = { id: jwt.sid, userId: jwt.sub, expiresAt: new Date(jwt.exp * 1000).toISOString() };
  return { ...standard, ...appClaims(jwt, ownsUser) };
}

/** The answer of a reading. */
export function answerOf(reading: Reading): SessionAnswer {
  if (reading.status === "anonymous")
    return { status: "anonymous", user: null, session: null, setCookies: reading.lines };
  const { user, session, lines } = reading;
  return { status: "authenticated", user, session, setCookies: lines } as SessionAnswer;
}
