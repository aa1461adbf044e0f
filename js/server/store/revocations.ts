/**
 * The webhook by which a backend says itself whose sessions ended or changed: signed, and taken once.
 *
 * @module
 */
import { callWasm } from "../../wasm/server.ts";
import { type Change, changesOf } from "../auth/exchange.ts";
import { headersFor } from "../headers.ts";
import { secretsOf } from "../secrets.ts";
import { memoryStore, type Store } from "../store.ts";
import { readWithin } from "../stream.ts";
import { decode as decodeUtf8, encode as encodeUtf8 } from "../utf8.ts";

/** Seconds for which a nonce is remembered: longer than a message is taken. */
const REMEMBERED = 900;

/** What a message changes, and when it was signed, in milliseconds since 1970. */
export interface Revocation {
  changes: Change[];
  since: number;
}

/**
 * Reads messages that one of the secrets signed.
 *
 * @param store where instances remember what they took; without it, and while it is away, each remembers its own
 */
export function revocationReader(
  secret: unknown,
  store: Store | undefined,
): (request: Request) => Promise<Revocation> {
  const secrets = secretsOf(secret);
  const own = memoryStore();
  let keys: Promise<CryptoKey[]> | undefined;

  async function isSigned(signed: string, mac: string): Promise<boolean> {
    const { subtle } = crypto;
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    keys ??= Promise.all(
      secrets.map((one) => subtle.importKey("raw", encodeUtf8(one), algorithm, false, ["verify"])),
    );
    const bytes = Uint8Array.from(mac.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    const verified = (await keys).map((key) => subtle.verify("HMAC", key, bytes, encodeUtf8(signed)));
    return (await Promise.all(verified)).includes(true);
  }

  async function isNew(nonce: string): Promise<boolean> {
    if (!(await own.add(nonce, "1", REMEMBERED))) return false;
    try {
      return store === undefined || (await store.add(`nonce ${nonce}`, "1", REMEMBERED));
    } catch {
      // Taken twice, a message ends what had begun before it was signed, and nothing else.
      return true;
    }
  }

  return async (request) => {
    const body = await bodyOf(request);
    const header = request.headers.get("x-httponly-signature") ?? "";
    const [time, nonce, mac, signed] = callWasm((m) => m.noticeSignature(header, body, Date.now())) as [
      string,
      string,
      string,
      string,
    ];
    if (!(await isSigned(signed, mac))) callWasm((m) => m.refuseNotice(false));
    const changes = changesOf(callWasm((m) => m.readNotice(body)));
    if (!(await isNew(nonce))) callWasm((m) => m.refuseNotice(true));
    return { changes, since: Number(time) };
  };
}

async function bodyOf(request: Request): Promise<string> {
  const limit = callWasm((m) => m.noticeLimit());
  try {
    const bytes = request.body
      ? await readWithin(request.body as ReadableStream<Uint8Array<ArrayBuffer>>, limit)
      : undefined;
    return decodeUtf8(bytes ?? new Uint8Array());
  } catch {
    // What cannot be read was not signed.
    return "";
  }
}

/** The answer to a message that was taken. */
export const taken = (): Response => new Response(null, { status: 204, headers: headersFor("session") });
