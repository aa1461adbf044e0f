/**
 * A store whose operator reads nothing: keys are hashes, values and messages are encrypted.
 *
 * Keys are HMAC-SHA-256 and values AES-256-GCM, by keys that HKDF derives from the app's secret. A value is bound to its
 * key, so that one that is moved to another key opens no more.
 *
 * @module
 */
import { secretsOf } from "../secrets.ts";
import type { Store } from "../store.ts";
import { decode as decodeUtf8, encode as encodeUtf8 } from "../utf8.ts";

/** Bytes of a nonce of AES-GCM. */
const NONCE = 12;
/** What a message is bound to, as a value is to its key; no hash looks so. */
const MESSAGE = "message";

/** What one secret derives. */
interface Keys {
  readonly name: CryptoKey;
  readonly content: CryptoKey;
}

async function derive(secret: string, scope: string): Promise<Keys> {
  const { subtle } = crypto;
  const base = await subtle.importKey("raw", encodeUtf8(secret), "HKDF", false, ["deriveBits"]);
  const bits = (use: string) => {
    const info = encodeUtf8(`httponly store ${use} ${scope}`);
    return subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, base, 256);
  };
  const [forName, forContent] = await Promise.all([bits("name"), bits("content")]);
  const [name, content] = await Promise.all([
    subtle.importKey("raw", forName, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    subtle.importKey("raw", forContent, "AES-GCM", false, ["encrypt", "decrypt"]),
  ]);
  return { name, content };
}

/**
 * The store, sealed. The first secret writes; all of them read and end what another wrote, so that a new one may be put
 * in front of the old one.
 *
 * @param scope what the keys are for: stores of different scopes see nothing of each other
 * @throws TypeError for a secret that is none
 */
export function sealedStore(store: Store, secret: unknown, scope: string): Store {
  const secrets = secretsOf(secret);
  let derived: Promise<Keys[]> | undefined;
  const keys = () => {
    derived ??= Promise.all(secrets.map((one) => derive(one, scope)));
    // What failed once may work later.
    derived.catch(() => {
      derived = undefined;
    });
    return derived;
  };
  const named = async (key: string) => Promise.all((await keys()).map(({ name }) => hash(name, key)));
  const { publish, subscribe } = store;
  const open = async (sealed: string, bound: string) => {
    for (const { content } of await keys()) {
      const opened = await decrypt(content, sealed, bound);
      if (opened !== undefined) return opened;
    }
    return null;
  };
  const seal = async (value: string, bound: string) => encrypt((await keys())[0] as Keys, value, bound);

  async function get(key: string): Promise<string | null> {
    for (const name of await named(key)) {
      const sealed = await store.get(name);
      // What does not open was written by nobody of this app.
      const value = sealed === null ? null : await open(sealed, name);
      if (value !== null) return value;
    }
    return null;
  }

  return {
    get,
    async set(key, value, seconds) {
      const [first, ...older] = (await named(key)) as [string, ...string[]];
      await store.set(first, await seal(value, first), seconds);
      if (older.length > 0) await store.delete(...older);
    },
    async add(key, value, seconds) {
      const [first, ...older] = (await named(key)) as [string, ...string[]];
      for (const name of older) if ((await store.get(name)) !== null) return false;
      return store.add(first, await seal(value, first), seconds);
    },
    async delete(...gone) {
      const names = await Promise.all(gone.map(named));
      await store.delete(...names.flat());
    },
    ...(publish && {
      publish: async (message: string) => publish.call(store, await seal(message, MESSAGE)),
    }),
    ...(subscribe && {
      subscribe: (listener: (message: string) => void) => {
        // One after the other, as they were sent.
        let last = Promise.resolve();
        return subscribe.call(store, (sealed) => {
          last = last
            .then(() => open(sealed, MESSAGE))
            .then((message) => {
              if (message !== null) listener(message);
            })
            .catch(() => {});
        });
      },
    }),
  };
}

async function hash(key: CryptoKey, name: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.sign("HMAC", key, encodeUtf8(name))));
}

async function encrypt({ content }: Keys, value: string, bound: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const additionalData = encodeUtf8(bound);
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData },
    content,
    encodeUtf8(value),
  );
  const whole = new Uint8Array(NONCE + sealed.byteLength);
  whole.set(iv);
  whole.set(new Uint8Array(sealed), NONCE);
  return encode(whole);
}

async function decrypt(key: CryptoKey, sealed: string, bound: string): Promise<string | undefined> {
  try {
    const whole = decode(sealed);
    const iv = whole.subarray(0, NONCE);
    const additionalData = encodeUtf8(bound);
    const opened = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv, additionalData },
      key,
      whole.subarray(NONCE),
    );
    return decodeUtf8(opened);
  } catch {
    return undefined;
  }
}

function encode(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
