import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { fnv1a, HEADER_BYTES, Type, u16, u48, u64, u8 } from './wire.js';

export const SECRET = 'attack-tests: what the nodes share, and no attacker knows';
export const GUESSED = 'attack-tests: what an attacker has guessed, and is wrong';

const KEY_ID_AT = HEADER_BYTES;
const COUNTER_AT = KEY_ID_AT + 3;
/** Where ciphertext begins. */
export const TEXT_AT = COUNTER_AT + 6;
export const TAG_BYTES = 16;

export interface SealTerms {
  readonly secret?: string;
  readonly cluster?: string;
  /** What the header says of the cluster, if that is not the one whose key it is. */
  readonly claimedCluster?: string;
  readonly counter: number;
  /** What the header says of the key: that of another secret. */
  readonly claimedSecret?: string;
}

function keyIdOf(secret: string): number {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'mesh/v2/key-id', 1))[0]!;
}

const keys = new Map<string, Uint8Array>();

function keyOf(secret: string, sender: Buffer, cluster: string): Uint8Array {
  const name = `${sender.toString('latin1')}${cluster}\0${secret}`;
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = new Uint8Array(hkdfSync('sha256', secret, sender, `mesh/v2/${cluster}`, 32));
  if (keys.size < 64) keys.set(name, key);
  return key;
}

function nonceOf(counter: number): Buffer {
  return Buffer.concat([Buffer.alloc(4), u64(BigInt(counter))]);
}

/** Seals a plain datagram as whoever has that secret could. */
export function seal(plain: Buffer, terms: SealTerms): Buffer {
  const { secret = SECRET, cluster = 'default', claimedCluster = cluster, claimedSecret = secret, counter } = terms;
  const sender = plain.subarray(2, HEADER_BYTES);
  const header = Buffer.concat([
    ...[plain.subarray(0, 1), u8(Type.sealed), sender, u8(keyIdOf(claimedSecret))],
    ...[u16(fnv1a(claimedCluster) & 0xffff), u48(counter)],
  ]);
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, sender, cluster), nonceOf(counter)).setAAD(header);
  const text = cipher.update(Buffer.concat([plain.subarray(1, 2), plain.subarray(HEADER_BYTES)]));
  cipher.final();
  return Buffer.concat([header, text, cipher.getAuthTag()]);
}

export function counterOf(sealed: Buffer): number {
  return sealed.readUIntBE(COUNTER_AT, 6);
}

export function ciphertextOf(sealed: Buffer): Buffer {
  return sealed.subarray(TEXT_AT, -TAG_BYTES);
}

/** The plain datagram, for those who have the secret; `undefined` if it does not open. */
export function open(sealed: Buffer, secret = SECRET, cluster = 'default'): Buffer | undefined {
  const sender = sealed.subarray(2, HEADER_BYTES);
  const cipher = createDecipheriv('aes-256-gcm', keyOf(secret, sender, cluster), nonceOf(counterOf(sealed)))
    .setAAD(sealed.subarray(0, TEXT_AT))
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  const text = cipher.update(ciphertextOf(sealed));
  try {
    cipher.final();
  } catch {
    return undefined;
  }
  return Buffer.concat([sealed.subarray(0, 1), text.subarray(0, 1), sender, text.subarray(1)]);
}

/** The type of what a datagram says, sealed or not. */
export function typeOf(bytes: Buffer): number | undefined {
  return bytes[1] === Type.sealed ? open(bytes)?.[1] : bytes[1];
}
