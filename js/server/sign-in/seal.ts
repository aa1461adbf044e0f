/**
 * Sealing: texts that a browser keeps, and nobody but this app reads or changes.
 *
 * JSON Web Encryption in compact form, `dir` with A256GCM and nothing else. Each purpose has a key of its own, so that no
 * sealed text passes for one of another kind.
 *
 * @module
 */

import { callWasm } from "../../wasm/server.ts";
import { decode as decodeUtf8, encode as encodeUtf8 } from "../utf8.ts";

/** Sessions whose content is remembered. */
const REMEMBERED = 1000;

/** What a sealed text is for. */
export type Purpose = "session" | "transaction" | "link" | "tokens" | "second-factor" | "trusted";

/** Seals and opens JSON. */
export interface Sealer {
  /** Seals by the first secret. */
  seal(purpose: Purpose, content: object): Promise<string>;
  /** Opens by any secret; nothing for what no secret of this app sealed for this purpose. */
  open(purpose: Purpose, sealed: string): Promise<Record<string, unknown> | undefined>;
}

/** A key, and the name that a sealed text knows it by. */
interface Key {
  kid: string;
  key: CryptoKey;
}

async function derive(secret: string, purpose: Purpose): Promise<Key> {
  const { subtle } = crypto;
  const base = await subtle.importKey("raw", encodeUtf8(secret), "HKDF", false, ["deriveBits"]);
  const info = encodeUtf8(`httponly sign-in ${purpose}`);
  const bits = await subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    base,
    256,
  );
  const digest = new Uint8Array(await subtle.digest("SHA-256", bits));
  const kid = btoa(String.fromCharCode(...digest.subarray(0, 9)))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  const key = await subtle.importKey("raw", bits, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { kid, key };
}

/** A sealer by these secrets. Nothing is loaded or derived before the first use. */
export function sealer(secrets: readonly string[]): Sealer {
  const keys = new Map<Purpose, Promise<Key[]>>();
  const keysOf = (purpose: Purpose) => {
    let derived = keys.get(purpose);
    if (derived === undefined) {
      derived = Promise.all(secrets.map((secret) => derive(secret, purpose)));
      // What failed once may work later.
      derived.catch(() => keys.delete(purpose));
      keys.set(purpose, derived);
    }
    return derived;
  };
  /** What was opened, by what was sealed: a page asks for many things at once, and a thread that decrypts takes longest. */
  const opened = new Map<string, string>();
  const remember = (sealed: string, content: string) => {
    for (const [oldest] of opened) {
      if (opened.size < REMEMBERED) break;
      opened.delete(oldest);
    }
    opened.set(sealed, content);
  };
  return {
    async seal(purpose, content) {
      const { CompactEncrypt } = await import("jose");
      const [first] = (await keysOf(purpose)) as [Key];
      return new CompactEncrypt(encodeUtf8(JSON.stringify(content)))
        .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: first.kid })
        .encrypt(first.key);
    },
    async open(purpose, sealed) {
      const known = purpose === "session" ? opened.get(sealed) : undefined;
      // Whoever takes it gets an object of its own.
      return parsed(known ?? (await decrypt(purpose, sealed)));
    },
  };

  async function decrypt(purpose: Purpose, sealed: string): Promise<string | undefined> {
    if (!callWasm((m) => m.isSealed(sealed))) return undefined;
    const { compactDecrypt } = await import("jose");
    const known = await keysOf(purpose);
    try {
      const find = ({ kid }: { kid?: string }) => {
        const found = known.find((own) => own.kid === kid);
        if (found === undefined) throw new Error("the key is not known");
        return found.key;
      };
      const { plaintext } = await compactDecrypt(sealed, find, {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      const content = decodeUtf8(plaintext);
      if (purpose === "session") remember(sealed, content);
      return content;
    } catch {
      return undefined;
    }
  }
}

/** The object that a text is; nothing for any other. */
function parsed(json: string | undefined): Record<string, unknown> | undefined {
  if (json === undefined) return undefined;
  const content: unknown = JSON.parse(json);
  return typeof content === "object" && content !== null ? (content as Record<string, unknown>) : undefined;
}
