/**
 * An authenticator app.
 *
 * @module
 */
import { createHmac } from "node:crypto";

/** The code of an authenticator app (RFC 6238, 30 seconds, SHA-1, 6 digits) for the secret of an otpauth URI. */
export function totp(uri: string, now = Date.now()): string {
  const secret = new URL(uri).searchParams.get("secret") as string;
  const bits = [...secret.replace(/=+$/, "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const offset = (mac.at(-1) as number) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
