/**
 * The dialect in which requests, plans and answers cross: one text, an item a line. src/wasm/server/message.rs is the
 * other side.
 *
 * @module
 */

/** Reads a message, item by item; what is missing at its end is empty. */
export class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next item. */
  line(): string {
    const end = this.#text.indexOf("\n", this.#at);
    const item = end < 0 ? this.#text.slice(this.#at) : this.#text.slice(this.#at, end);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return item;
  }

  /** The next item, which may hold line breaks. */
  text(): string {
    const item = this.line();
    return item.includes("\\")
      ? item.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped))
      : item;
  }

  /** The next item, a number. */
  number(): number {
    return Number(this.line());
  }

  /** The next item, `1` or `0`. */
  flag(): boolean {
    return this.line() === "1";
  }

  /** A list. */
  lines(): string[] {
    return Array.from({ length: this.number() }, () => this.line());
  }

  /** A list of pairs. */
  pairs(): [name: string, value: string][] {
    return Array.from({ length: this.number() }, () => [this.line(), this.line()]);
  }

  /** All that has not been read. */
  rest(): string {
    return this.#text.slice(this.#at);
  }
}

/** An item that may hold line breaks. */
export function escaped(item: string): string {
  return /[\\\n]/.test(item) ? item.replaceAll("\\", "\\\\").replaceAll("\n", "\\n") : item;
}
