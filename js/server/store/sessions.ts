/**
 * What a backend said of sessions, for all instances of an app: a copy of a few seconds in each process, the store behind
 * it, the backend last. What ends or changes a session travels by messages, and by marks in the store for those who miss
 * a message.
 *
 * @module
 */
import type { Kept, SessionCache } from "../auth/cache.ts";
import { random } from "../random.ts";
import type { Store } from "../store.ts";
import { boundedStore, OPERATION_LIMIT } from "./bounded.ts";
import { type Ending, ending, heed } from "./endings.ts";
import { areSame, change, hold, isEnding, type Marks } from "./marks.ts";
import { mirroredStore } from "./mirror.ts";
import { later, sleep } from "./rest.ts";

/** What is kept in a store: it is JSON, but for the lines of the one who asked. */
export interface Stored extends Kept {
  /** Of the user, in lower case, or empty. */
  readonly email: string;
  readonly lines: string[];
}

/** The same as of a {@link SessionCache}, for all instances. */
export interface Sessions<T extends Stored>
  extends Pick<SessionCache<T>, "get" | "isLate" | "drop" | "dropUser" | "end" | "clear" | "replace"> {
  share(
    key: string,
    copies: string,
    handles: () => string[],
    ask: (limit: number) => Promise<T>,
  ): Promise<T | undefined>;
  /** Forgets the sessions of users with this address. */
  dropEmail(email: string): void;
  isEnded(handles: string[]): boolean | Promise<boolean>;
  isOver(user: string, began: number): boolean | Promise<boolean>;
  /** Until all that was dropped and ended is known to all; it never rejects, and takes a bounded time. */
  told(): Promise<void>;
}

/** The cache of a process that knows of no other. */
export function ownSessions<T extends Stored>(cache: SessionCache<T>, limit: number): Sessions<T> {
  return {
    ...withoutStore(cache),
    share: (key, copies, handles, ask) => cache.share(key, copies, handles, () => ask(limit)),
    isEnded: (handles) => cache.isEnded(handles),
    isOver: (user, began) => cache.isOver(user, began),
    told: async () => {},
  };
}

function withoutStore<T extends Stored>(cache: SessionCache<T>) {
  return {
    get: (key: string, copies: string, now: number) => cache.get(key, copies, now),
    isLate: (handles: string[], now: number) => cache.isLate(handles, now),
    drop: (handles: string[]) => cache.drop(handles),
    dropUser: (id: string) => cache.dropUser(id),
    dropEmail: (email: string) => cache.dropWhere((value) => value.email === email),
    end: (what: Parameters<SessionCache<T>["end"]>[0], since: number) => cache.end(what, since),
    clear: () => cache.clear(),
    replace: (older: string[], newer: string[], now: number) => cache.replace(older, newer, now),
  };
}

/** Times of {@link sharedSessions}, in milliseconds. */
export interface Times {
  /** How long a copy lives in a process. */
  local: number;
  /** How long the backend's word is kept. */
  ttl: number;
  /** Until the backend has answered. */
  timeout: number;
}

/** How often a session is looked up, if something ends meanwhile each time. */
const ATTEMPTS = 5;
/** Seconds for which an ending is remembered against copies of the session that the browser keeps. */
const OVER = 30 * 86_400;
/** Milliseconds after a failure of the store in which no answer of before is taken from it. */
const GRACE = 1500;
/** Seconds that a pulse lasts where no message says that instances live. */
const QUIET_PULSE = 60;
const AGAIN = 500;

const ALL = "all";
/** Its mark is another after each ending, whoever's. */
const LAST = "last";
const PULSE = "pulse";
const ofToken = (handle: string) => `token ${handle}`;

/** The sessions of all instances, through a store that is sealed already. */
export function sharedSessions<T extends Stored>(
  cache: SessionCache<T>,
  sealed: Store,
  { local, ttl, timeout }: Times,
  nobodyCanTell: T,
): Sessions<T> {
  const store = boundedStore(sealed, Math.min(OPERATION_LIMIT, Math.max(1, timeout)));
  const { publish: _, subscribe: __, ...silent } = store;
  const over = mirroredStore(silent);
  const name = random();
  const markSeconds = (name: string) =>
    name === ALL || name === LAST ? OVER : Math.ceil((2 * ttl + timeout) / 1000) + 60;
  const leaseSeconds = Math.ceil(timeout / 1000) + 1;
  // What was kept before an outage may have ended in it: it is true while the pulse lasts, and a copy lives for the rest.
  const hears = store.subscribe !== undefined;
  const pulse = hears ? Math.max(1, Math.floor(local / 2000)) : QUIET_PULSE;
  const copyFor = hears ? Math.max(0, local - pulse * 1000) : local;
  let listening: "no" | "soon" | "yes" = "no";
  let owes = false;
  let pending: Ending[] = [];
  const telling = new Set<Promise<void>>();
  let beaten = 0;

  // --- hearing and telling ---

  function listen(): void {
    if (listening !== "no" || store.subscribe === undefined) return;
    listening = "soon";
    Promise.resolve()
      .then(() =>
        store.subscribe?.((message) => {
          const heard = ending.read(message);
          if (heard !== undefined && heard.from !== name) heed(cache, heard.endings);
        }),
      )
      .then(
        () => {
          listening = "yes";
          beat();
        },
        () => later(() => (listening = "no"), 10 * AGAIN),
      );
  }

  /** Keeps the pulse, if it still is; a lost one is lost. */
  async function keepPulse(): Promise<void> {
    beaten = Date.now();
    try {
      const held = await store.get(PULSE);
      if (held !== null) await store.set(PULSE, held, pulse);
    } catch {
      // It is lost, if this lasts.
    }
  }

  function beat(): void {
    void keepPulse();
    later(beat, (pulse * 1000) / 3);
  }

  /** Makes all that the store keeps untrue, since it could not be told what ended. */
  async function settleDebt(): Promise<void> {
    try {
      await store.delete(ALL);
      owes = false;
      await store.publish?.(ending.write(name, [["clear", "", 0]]));
    } catch {
      if (owes) later(settleDebt, AGAIN);
    }
  }

  async function tell(endings: Ending[]): Promise<void> {
    try {
      const names = [...new Set(endings.flatMap(marksOf))];
      // Whoever sees one of the marks sees that something ended, too.
      if (names.length > 0) await change(store, [LAST], markSeconds);
      await change(store, names, markSeconds);
    } catch {
      if (!owes) {
        owes = true;
        await settleDebt();
      }
    }
    const lasting = endings.flatMap(lastingOf).map(([key, since]) => over.set(key, String(since), OVER));
    // What could not be said is said later.
    await Promise.allSettled([...lasting, store.publish?.(ending.write(name, endings))]);
  }

  function note(...endings: Ending[]): void {
    heed(cache, endings);
    pending.push(...endings);
  }

  // --- finding ---

  /** Whether what the store has may be older than what ended, since it failed or was not told. */
  const isDoubtful = () => owes || store.failedAt > Date.now() - GRACE;

  const copy = (value: T, since: number): T => {
    const deaf = hears && listening !== "yes";
    return { ...value, expires: deaf ? 0 : Math.min(value.expires, since + copyFor) };
  };
  const aboutOf = ({ id, email }: T) =>
    [id !== undefined && `user ${id}`, email && `email ${email}`].filter((name) => typeof name === "string");

  /** What the store has that is still true; it rejects if the store is away. */
  async function look(key: string, copies: string): Promise<{ value?: T; known: string[] }> {
    if (isDoubtful()) return { known: [] };
    const kept = await store.get(`entry ${key}`);
    if (kept === null) return { known: [] };
    const { value, marks, of } = JSON.parse(kept) as { value: T; marks: [string, string][]; of: string };
    const known = aboutOf(value);
    // Who brings other copies of a session may have one where there is none.
    const usable = value.expires > Date.now() && (value.status === "authenticated" || of === copies);
    return usable && (await areSame(store, marks)) ? { value: { ...value, lines: [] }, known } : { known };
  }

  /** Asks the backend, and keeps what it says unless something ended meanwhile. */
  async function lookUp(
    entry: { key: string; copies: string; names: string[] },
    ask: (limit: number) => Promise<T>,
    end: number,
  ): Promise<T | undefined> {
    let names = entry.names;
    for (let attempt = 0; attempt < ATTEMPTS && end > Date.now(); attempt++) {
      const before = await hold(store, [...names, LAST], markSeconds);
      const since = Date.now();
      const value = await ask(Math.max(1, end - since));
      if (value.status !== "authenticated" && value.status !== "anonymous") return value;
      const all = [...new Set([...names, ...aboutOf(value)])];
      const after = await hold(store, all, markSeconds).catch(() => undefined);
      if (after === undefined) return copy(value, since);
      if (!(await isChanged(before, after))) {
        await keep(entry, value, after).catch(() => {});
        return copy(value, since);
      }
      names = all;
    }
    return undefined;
  }

  /** Whether something ended while it was looked up: of whom it is may not have been known before. */
  async function isChanged(before: Marks, after: Marks): Promise<boolean> {
    const names = [...after.keys()];
    if (names.some((name) => before.has(name) && after.get(name) !== before.get(name))) return true;
    if (!names.some((name) => !before.has(name) && isEnding(after.get(name)))) return false;
    return (await store.get(LAST).catch(() => null)) !== before.get(LAST);
  }

  async function keep({ key, copies }: { key: string; copies: string }, value: T, marks: Marks) {
    const seconds = (value.expires - Date.now()) / 1000;
    if (seconds <= 0) return;
    const beats = await hold(store, [PULSE], () => pulse);
    const kept = { value: { ...value, lines: [] }, marks: [...marks, ...beats], of: copies };
    await store.set(`entry ${key}`, JSON.stringify(kept), seconds);
  }

  async function find(
    key: string,
    copies: string,
    handles: string[],
    ask: (limit: number) => Promise<T>,
  ): Promise<T | undefined> {
    const start = Date.now();
    const end = start + timeout;
    const lease = `lease ${key}`;
    listen();
    if (!hears && start - beaten > (pulse * 1000) / 3) void keepPulse();
    let leased = false;
    const names = [ALL, ...handles.map(ofToken)];
    const through = (known: string[]) => lookUp({ key, copies, names: [...names, ...known] }, ask, end);
    try {
      for (
        let pause = 10;
        !isDoubtful() && Date.now() < start + timeout / 2;
        pause = Math.min(100, pause * 1.5)
      ) {
        const since = Date.now();
        const found = await look(key, copies);
        if (found.value !== undefined) return copy(found.value, since);
        leased = await store.add(lease, "1", leaseSeconds);
        if (leased) {
          // Who had it before may have written meanwhile.
          const again = await look(key, copies);
          return again.value === undefined ? await through(again.known) : copy(again.value, since);
        }
        await sleep(pause);
      }
      return await either(key, copies, through([]), end);
    } catch {
      // The store is away: the backend is asked.
      const since = Date.now();
      return copy(await ask(Math.max(1, end - since)), since);
    } finally {
      if (leased) void store.delete(lease).catch(() => {});
    }
  }

  /** The backend's own word, or that which another instance got for it: whichever comes first. */
  async function either(
    key: string,
    copies: string,
    own: Promise<T | undefined>,
    end: number,
  ): Promise<T | undefined> {
    let asking = true;
    const done = own.finally(() => {
      asking = false;
    });
    while (asking && Date.now() < end) {
      const since = Date.now();
      const first = await Promise.race([done, sleep(100)]);
      if (first !== undefined && first.status !== "unavailable") return first;
      const found = await look(key, copies).catch(() => undefined);
      if (found?.value !== undefined) return copy(found.value, since);
    }
    return done;
  }

  return {
    get: (key, copies, now) => cache.get(key, copies, now),
    isLate: (handles, now) => cache.isLate(handles, now),
    share: (key, copies, handles, ask) =>
      cache.share(
        key,
        copies,
        handles,
        async () => (await find(key, copies, handles(), ask)) ?? nobodyCanTell,
      ),
    drop: (handles) => note(...handles.map((handle): Ending => ["token", handle, 0])),
    dropUser: (id) => note(["user", id, 0]),
    dropEmail: (email) => note(["email", email, 0]),
    clear: () => note(["clear", "", 0]),
    end({ handles = [], user, all }, since) {
      note(
        ...handles.map((handle): Ending => ["over-token", handle, since]),
        ...(user === undefined ? [] : [["over-user", user, since] as Ending]),
        ...(all ? [["over-all", "", since] as Ending] : []),
      );
    },
    replace(older, newer, now) {
      cache.replace(older, newer, now);
      pending.push(...older.map((handle): Ending => ["late", handle, now]));
    },
    async isEnded(handles) {
      if (cache.isEnded(handles)) return true;
      const ended = await Promise.all(handles.map((handle) => over.get(`over token ${handle}`)));
      return ended.some((since) => since !== null);
    },
    async isOver(user, began) {
      if (cache.isOver(user, began)) return true;
      const since = await Promise.all([over.get(`over user ${user}`), over.get(`over ${ALL}`)]);
      return began < Math.max(...since.map(Number));
    },
    async told() {
      const endings = pending;
      pending = [];
      listen();
      if (endings.length > 0) {
        const told = tell(endings).finally(() => telling.delete(told));
        telling.add(told);
      }
      // What another request ended at the same time may be this one's, too.
      await Promise.allSettled(telling);
    },
  };
}

/** The names of the marks that an ending changes. */
function marksOf([kind, who]: Ending): string[] {
  if (kind === "clear") return [ALL];
  if (kind === "token") return [ofToken(who)];
  return kind === "user" || kind === "email" ? [`${kind} ${who}`] : [];
}

/** What is remembered of an ending when the backend's word of it is forgotten. */
function lastingOf([kind, who, since]: Ending): [string, number][] {
  if (kind === "over-token") return [[`over token ${who}`, since]];
  if (kind === "over-user") return [[`over user ${who}`, since]];
  return kind === "over-all" ? [[`over ${ALL}`, since]] : [];
}
