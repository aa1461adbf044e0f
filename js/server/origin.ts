/**
 * The proof that a request comes from the app's own origin.
 *
 * @module
 */
import { callWasm } from "../wasm/server.ts";

/**
 * Refuses a request that does not prove that the app's own origin sent it: by `Sec-Fetch-Site: same-origin` with
 * `Sec-Fetch-Dest: empty`, `Sec-Fetch-Mode: cors` or `same-origin` and no `Sec-Purpose` (a prefetch), or, from clients without Fetch Metadata, by an equal `Origin` or by `x-httponly: 1`
 * without a foreign `Origin`.
 *
 * @param origin the app's own origin, for servers behind TLS; by default that of `request.url`
 * @throws HttpOnlyError `cross-origin`, with status 403
 * @throws TypeError if `origin` is no URL
 */
export function proveSameOrigin(request: Request, origin?: string): void {
  prove(request, origin, false);
}

/** As {@link proveSameOrigin}; `byHeader` asks for `x-httponly: 1` as well, which no markup can send. */
export function prove(request: Request, origin: string | undefined, byHeader: boolean): void {
  const own = new URL(origin ?? request.url).origin;
  const { headers } = request;
  callWasm((m) =>
    m.proveSameOrigin(
      headers.get("sec-fetch-site") ?? undefined,
      headers.get("sec-fetch-mode") ?? undefined,
      headers.get("sec-fetch-dest") ?? undefined,
      headers.get("sec-purpose") ?? undefined,
      headers.get("origin") ?? undefined,
      headers.get("x-httponly") ?? undefined,
      own,
      byHeader,
    ),
  );
}
