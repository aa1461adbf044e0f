/**
 * What the rules say of a request through the handler and of the backend's answer, as src/wasm/server/auth.rs writes it.
 *
 * @module
 */
import { Reader } from "../../wasm/message.ts";

/** What becomes of a request. */
export type Plan =
  /** It is an OAuth provider's answer by form, of so many bytes at most. */
  { kind: "form-post"; limit: number } | { kind: "reply"; reply: Reply } | ({ kind: "forward" } & Forward);

/** What is sent to the backend. */
export interface Forward {
  method: string;
  /** Of the backend; that of a magic link is made of the request's body. */
  url: string;
  special: "" | "use-link" | "revoke";
  /** Whether it has to be known before whose the request is. */
  asksFirst: boolean;
  /** Whether the answer depends on what the request's body names. */
  readsBody: boolean;
  /** Whether the backend may want to be asked again by POST, to renew the session. */
  renews: boolean;
  /** The hashes of the request's tokens. */
  handles: string[];
  headers: [name: string, value: string][];
}

/** A response. */
export interface Reply {
  status: number;
  headers: [name: string, value: string][];
  /** A text, or nothing, or what the backend sends. */
  body: { text: string } | "none" | "backend";
}

/** A change of what is known of sessions: what it does, and to whom (src/auth/exchange.rs, `Change`). */
export type Change = [kind: string, who: string];

/** Changes that came as kind and name in turns. */
export function changesOf(flat: readonly string[]): Change[] {
  return flat.flatMap((kind, at): Change[] => (at % 2 ? [] : [[kind, flat[at + 1] as string]]));
}

/** What becomes of an answer. */
export interface Outcome {
  changes: Change[];
  /** The name of a session cookie that is not the declared one. */
  misnamed: string | undefined;
  /** Nothing where the backend has given no answer that may pass. */
  reply: Reply | undefined;
}

/** Reads a plan. */
export function readPlan(message: string): Plan {
  const reader = new Reader(message);
  const kind = reader.line();
  if (kind === "form-post") return { kind, limit: reader.number() };
  if (kind === "reply") return { kind, reply: readReply(reader) };
  return {
    kind: "forward",
    method: reader.line(),
    url: reader.line(),
    special: reader.line() as Forward["special"],
    asksFirst: reader.flag(),
    readsBody: reader.flag(),
    renews: reader.flag(),
    handles: reader.lines(),
    headers: reader.pairs(),
  };
}

/** Reads what becomes of an answer. */
export function readOutcome(message: string): Outcome {
  const reader = new Reader(message);
  reader.line();
  const changes = Array.from({ length: reader.number() }, (): Change => [reader.line(), reader.text()]);
  const [misnamed] = reader.lines();
  return { changes, misnamed, reply: reader.flag() ? readReply(reader) : undefined };
}

function readReply(reader: Reader): Reply {
  const [status, headers, body] = [reader.number(), reader.pairs(), reader.line()];
  return { status, headers, body: body === "text" ? { text: reader.rest() } : (body as "none" | "backend") };
}

/** The response; `lines` are `Set-Cookie` lines that go with it. */
export function toResponse(
  { status, headers: pairs, body }: Reply,
  stream?: ReadableStream | null,
  lines: readonly string[] = [],
): Response {
  const headers = new Headers();
  for (const line of lines) headers.append("set-cookie", line);
  for (const [name, value] of pairs) headers.append(name, value);
  const sent = body === "backend" ? (stream ?? null) : body === "none" ? null : body.text;
  return new Response(sent, { status, headers });
}
