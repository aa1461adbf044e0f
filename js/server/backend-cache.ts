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

  /** Forgets the sessions of which this is true, and voids all look-ups: they may turn out to be such. */
  dropWhere(is: (value: T) => boolean): void {
    for (const key of [...this.#flights.keys()]) this.#void(key);
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
      // A voided flight has left the map already, and another may be in its place.
      if (!flight.void) {
        this.#flights.delete(key);
        this.#keep(key, { handles, value });
      }
      return value;
    };
    const flight: Flight<T> = { handles, void: false, promise: Promise.resolve().then(landed) };
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
