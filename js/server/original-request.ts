/**
 * Requests of this package's own that stand for a visitor's: what a framework's adapter knows of the visitor, it knows
 * by the request that came in.
 *
 * @module
 */
const originals = new WeakMap<Request, Request>();

/** Notes for whom a request was made. */
export function linkOriginal(made: Request, original: Request): void {
  originals.set(made, original);
}

/** The request that came in. */
export function original(request: Request): Request {
  return originals.get(request) ?? request;
}
