/**
 * One handler for every method, as SvelteKit's and Next's route files export it.
 *
 * @module
 */

/** The exports of a route file, one a method. */
export interface Methods<Handler> {
  readonly GET: Handler;
  readonly HEAD: Handler;
  readonly POST: Handler;
  readonly PUT: Handler;
  readonly PATCH: Handler;
  readonly DELETE: Handler;
  readonly OPTIONS: Handler;
}

export function everyMethod<Handler>(handler: Handler): Methods<Handler> {
  return {
    GET: handler,
    HEAD: handler,
    POST: handler,
    PUT: handler,
    PATCH: handler,
    DELETE: handler,
    OPTIONS: handler,
  };
}
