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
}

interface Entry<T> {
  /** The hashes under which the session's tokens are known. */
  readonly handles: string[];
  readonly value: T;
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

/** Answers by key. Sessions and absences are bounded apart, so that made-up cookies push out no session. */
export class SessionCache<T extends Kept> {
  readonly #size: number;
  readonly #sessions = new Map<string, Entry<T>>();
  readonly #absences = new Map<string, Entry<T>>();
  readonly #flights = new Map<string, Flight<T>>();
  /** The keys of entries and flights, by the hash of a token. */
  readonly #keys = new Map<string, Set<string>>();

  constructor(size: number) {
    this.#size = size;
  }

  /** What is known, unless its time is over. */
  get(key: string, now: number): T | undefined {
    const map = this.#sessions.has(key) ? this.#sessions : this.#absences;
    const entry = map.get(key);
    if (entry === undefined) return undefined;
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
  async share(key: string, handles: () => string[], ask: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      let flight = this.#flights.get(key);
      if (flight === undefined) {
        flight = this.#start(key, handles(), ask);
      }
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

  /** Forgets everything, and voids every look-up. */
  clear(): void {
    for (const key of [...this.#flights.keys()]) this.#void(key);
    this.#sessions.clear();
    this.#absences.clear();
    this.#keys.clear();
  }

  #start(key: string, handles: string[], ask: () => Promise<T>): Flight<T> {
    const landed = async () => {
      const value = await ask();
      if (!flight.void && flight.ended.some((is) => is(value))) this.#void(key);
      // A voided flight has left the map already, and another may be in its place.
      if (!flight.void) {
        this.#flights.delete(key);
        this.#keep(key, { handles, value });
      }
      return value;
    };
    const flight: Flight<T> = { handles, void: false, ended: [], promise: Promise.resolve().then(landed) };
    this.#flights.set(key, flight);
    this.#link(key, handles);
    return flight;
  }

  #keep(key: string, entry: Entry<T>): void {
    const { status, expires } = entry.value;
    const map =
      status === "authenticated" ? this.#sessions : status === "anonymous" ? this.#absences : undefined;
    if (map === undefined || this.#size === 0 || expires <= Date.now()) {
      this.#unlink(key, entry.handles);
      return;
    }
    map.set(key, entry);
    const oldest = map.keys().next();
    if (map.size > this.#size && !oldest.done) this.#remove(map, oldest.value);
  }

  #void(key: string): void {
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    flight.void = true;
    this.#flights.delete(key);
    this.#unlink(key, flight.handles);
  }

  #remove(map: Map<string, Entry<T>>, key: string): void {
    const entry = map.get(key);
    if (entry === undefined) return;
    map.delete(key);
    // A look-up under way keeps its links, so that it can be voided.
    if (!this.#flights.has(key)) this.#unlink(key, entry.handles);
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
