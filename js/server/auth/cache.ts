/**
 * What a backend said of sessions, for all requests of a process: bounded, asked once for all who wait, and forgotten
 * at once. It holds hashes and never a token.
 *
 * @module
 */

/** What is kept: whether it is about somebody, and until when, in milliseconds since 1970. */
export interface Kept {
  readonly status: string;
  readonly expires: number;
  /** Of the user, where one is signed in. */
  readonly id?: string | undefined;
}

interface Entry<T> {
  /** The hashes under which the session's tokens are known, and the name of its user. */
  readonly handles: string[];
  readonly value: T;
  /** What stands for the copies of the session that the request had: where there is none, another request may have one. */
  readonly copies: string;
}

interface Flight<T> {
  readonly handles: string[];
  readonly promise: Promise<T>;
  /** Something ended the session while it was being looked up: what comes back may be older than that. */
  void: boolean;
  /** What ended meanwhile, if it turns out to be about that. */
  readonly ended: ((value: T) => boolean)[];
}

/** The caches of this process. */
interface Registry {
  /** By declaration. */
  readonly caches: Map<string, SessionCache<Kept>>;
  /** Of those that call their backend by a function of their own. */
  readonly own: WeakMap<object, Map<string, SessionCache<Kept>>>;
}

const REGISTRY = Symbol.for("httponly.sessions");

/**
 * The cache for a declaration, one for the process: a bundler may put this module into two bundles (Next does, for
 * `proxy.ts` and for pages), and what signs out in one has to be gone in the other. A declaration with a `fetch` of its
 * own shares with those of the same function: two of them may mean different backends by one URL.
 */
export function sharedCache<T extends Kept>(
  declaration: readonly unknown[],
  fetch: object | undefined,
  size: number,
): SessionCache<T> {
  const holder = globalThis as { [REGISTRY]?: Registry };
  holder[REGISTRY] ??= { caches: new Map(), own: new WeakMap() };
  const { caches, own } = holder[REGISTRY];
  let shelf = caches;
  if (fetch) {
    shelf = own.get(fetch) ?? new Map();
    own.set(fetch, shelf);
  }
  const key = JSON.stringify(declaration);
  const cache = shelf.get(key) ?? new SessionCache<Kept>(size);
  shelf.set(key, cache);
  // What is kept under a declaration was put there by code for the same declaration.
  return cache as unknown as SessionCache<T>;
}

/** How often a session is looked up, if every look-up is voided. */
const ATTEMPTS = 5;
/**
 * How many entries one token may have, and one user: whoever varies the other cookies of his requests, or signs in again
 * and again, pushes out his own.
 */
const PER_TOKEN = 8;
const PER_USER = 100;
/** Milliseconds for which a request that a browser sent with an older session may still be answered. */
const LATE = 60_000;

/** The name of a user among the handles of entries; no hash looks so. */
const ofUser = (id: string) => `user ${id}`;

/** Texts with a number each, as many as fit: the oldest is forgotten first. */
class Marks {
  readonly #size: number;
  readonly #marks = new Map<string, number>();

  constructor(size: number) {
    this.#size = size;
  }

  set(mark: string, value: number): void {
    this.#marks.delete(mark);
    this.#marks.set(mark, value);
    const oldest = this.#marks.keys().next();
    if (this.#marks.size > this.#size && !oldest.done) this.#marks.delete(oldest.value);
  }

  get(mark: string): number | undefined {
    return this.#marks.get(mark);
  }

  delete(mark: string): void {
    this.#marks.delete(mark);
  }
}

const FLIGHT = "flight ";
/** The name of a look-up among keys: those with other copies of the session are others. */
const flightOf = (key: string, copies: string) => `${FLIGHT}${key} ${copies}`;

/** Answers by key. Sessions and absences are bounded apart, so that made-up cookies push out no session. */
export class SessionCache<T extends Kept> {
  readonly #size: number;
  readonly #sessions = new Map<string, Entry<T>>();
  readonly #absences = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Flight<T>>();
  /** The keys of entries and flights, by the hash of a token, or by the user. */
  readonly #keys = new Map<string, Set<string>>();
  /** Which sessions are over by this process's doing, by handle or user, and since when; and since when all are. */
  readonly #over: Marks;
  #allOver = 0;
  /** Until when answers to requests with these tokens come late: the browser has got another session. */
  readonly #late: Marks;

  constructor(size: number) {
    this.#size = size;
    this.#over = new Marks(size);
    this.#late = new Marks(size);
  }

  /** What is known, unless its time is over. `copies` stands for the copies of the session that the request has. */
  get(key: string, copies: string, now: number): T | undefined {
    const map = this.#sessions.has(key) ? this.#sessions : this.#absences;
    const entry = map.get(key);
    if (entry === undefined || (map === this.#absences && entry.copies !== copies)) return undefined;
    if (entry.value.expires <= now) {
      this.#remove(map, key);
      return undefined;
    }
    // The order of a map is that of insertion: what was used last stands last.
    map.delete(key);
    map.set(key, entry);
    return entry.value;
  }

  /**
   * Asks, or waits for the answer that another is waiting for. `undefined` if something voided each of several answers:
   * then nobody can tell.
   */
  async share(
    key: string,
    copies: string,
    handles: () => string[],
    ask: () => Promise<T>,
  ): Promise<T | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const flight = this.#flights.get(flightOf(key, copies)) ?? this.#start(key, copies, handles(), ask);
      const value = await flight.promise;
      if (!flight.void) return value;
    }
    return undefined;
  }

  /** Forgets the sessions of these tokens, and voids the look-ups for them. */
  drop(handles: string[]): void {
    for (const handle of handles) {
      for (const key of [...(this.#keys.get(handle) ?? [])]) {
        this.#void(key);
        this.#remove(this.#sessions, key);
        this.#remove(this.#absences, key);
      }
    }
  }

  /**
   * Forgets the sessions of which this is true, and voids the look-ups that turn out to be such. No others: whoever ends
   * sessions of his own again and again makes nobody else wait.
   */
  dropWhere(is: (value: T) => boolean): void {
    for (const { ended } of this.#flights.values()) ended.push(is);
    for (const [key, { value }] of [...this.#sessions]) if (is(value)) this.#remove(this.#sessions, key);
  }

  /** Forgets the sessions of a user, and voids the look-ups that turn out to be such. */
  dropUser(id: string): void {
    for (const { ended } of this.#flights.values()) ended.push((value) => value.id === id);
    this.drop([ofUser(id)]);
  }

  /** Notes that the sessions of these tokens, of this user or of everybody are over, if they began before `since`. */
  end(what: { handles?: string[]; user?: string; all?: true }, since: number): void {
    for (const handle of what.handles ?? []) this.#over.set(handle, since);
    if (what.user !== undefined) this.#over.set(ofUser(what.user), since);
    if (what.all) this.#allOver = since;
  }

  /** Whether the sessions of these tokens are over by this process's doing. */
  isEnded(handles: string[]): boolean {
    return handles.some((handle) => this.#over.get(handle) !== undefined);
  }

  /** Whether a user's session that began then is over by this process's doing. */
  isOver(user: string, began: number): boolean {
    return began < Math.max(this.#over.get(ofUser(user)) ?? 0, this.#allOver);
  }

  /** Notes that a browser has got another session than that of `older`; `newer` are those of the one that it has now. */
  replace(older: string[], newer: string[], now: number): void {
    for (const handle of older) this.#late.set(handle, now + LATE);
    for (const handle of newer) this.#late.delete(handle);
  }

  /** Whether an answer to a request with these tokens comes late. */
  isLate(handles: string[], now: number): boolean {
    return handles.some((handle) => (this.#late.get(handle) ?? 0) > now);
  }

  /** Forgets everything, and voids every look-up. */
  clear(): void {
    for (const key of [...this.#flights.keys()]) this.#void(key);
    this.#sessions.clear();
    this.#absences.clear();
    this.#keys.clear();
  }

  #start(key: string, copies: string, handles: string[], ask: () => Promise<T>): Flight<T> {
    const name = flightOf(key, copies);
    const landed = async () => {
      const value = await ask();
      if (!flight.void && flight.ended.some((is) => is(value))) this.#void(name);
      // A voided flight has left the map already, and another may be in its place.
      if (!flight.void) {
        this.#flights.delete(name);
        this.#unlink(name, handles);
        this.#keep(key, copies, handles, value);
      }
      return value;
    };
    const flight: Flight<T> = { handles, void: false, ended: [], promise: Promise.resolve().then(landed) };
    this.#flights.set(name, flight);
    this.#link(name, handles);
    return flight;
  }

  #keep(key: string, copies: string, tokens: string[], value: T): void {
    const { status, expires, id } = value;
    const map =
      status === "authenticated" ? this.#sessions : status === "anonymous" ? this.#absences : undefined;
    if (map === undefined) return;
    this.#remove(this.#sessions, key);
    this.#remove(this.#absences, key);
    if (this.#size === 0 || expires <= Date.now()) return;
    const handles = id === undefined ? tokens : [...tokens, ofUser(id)];
    map.set(key, { handles, value, copies });
    this.#link(key, handles);
    for (const handle of tokens) this.#bound(handle, PER_TOKEN);
    if (id !== undefined) this.#bound(ofUser(id), PER_USER);
    const oldest = map.keys().next();
    if (map.size > this.#size && !oldest.done) this.#remove(map, oldest.value);
  }

  /** Forgets the oldest entries of a handle that has more than its share. */
  #bound(handle: string, most: number): void {
    const keys = [...(this.#keys.get(handle) ?? [])].filter((key) => !key.startsWith(FLIGHT));
    for (const key of keys.slice(0, Math.max(0, keys.length - most))) {
      this.#remove(this.#sessions, key);
      this.#remove(this.#absences, key);
    }
  }

  #void(name: string): void {
    const flight = this.#flights.get(name);
    if (flight === undefined) return;
    flight.void = true;
    this.#flights.delete(name);
    this.#unlink(name, flight.handles);
  }

  #remove(map: Map<string, Entry<T>>, key: string): void {
    const entry = map.get(key);
    if (entry === undefined) return;
    map.delete(key);
    this.#unlink(key, entry.handles);
  }

  #link(key: string, handles: string[]): void {
    for (const handle of handles) {
      const keys = this.#keys.get(handle) ?? new Set();
      this.#keys.set(handle, keys.add(key));
    }
  }

  #unlink(key: string, handles: string[]): void {
    for (const handle of handles) {
      const keys = this.#keys.get(handle);
      keys?.delete(key);
      if (keys?.size === 0) this.#keys.delete(handle);
    }
  }
}
