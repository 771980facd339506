import { type ResolvedSecret, Secret } from '../../lib/primitives/secret.js';
import type { NodeId } from '../../lib/primitives/node-id.js';
import { Keyring } from '../../lib/security/keyring.js';

export const SECRET = 'correct horse battery staple';
/** Two that the wire calls by the same byte as {@link SECRET}, 0x59. */
export const NAMESAKES = ['another secret, number 127', 'another secret, number 454'] as const;

/** Secrets by the names 0, 1, …, the first of which is the primary unless another is named. */
export function secretsOf(texts: readonly string[], primary = 0): ResolvedSecret {
  return {
    primary: String(primary),
    keys: new Map(texts.map((text, index) => [String(index), new Secret(text)])),
  };
}

export function keyringOf(...texts: readonly string[]): Keyring {
  return new Keyring(secretsOf(texts));
}

/** An id of 16 bytes that end in the number. */
export function nodeIdOf(number: number): NodeId {
  const bytes = Buffer.alloc(16, 0xa5);
  bytes.writeUInt32BE(number, 12);
  return bytes.toString('latin1') as NodeId;
}

/** The bytes 0 to 15. */
export const NODE = Buffer.from(Array.from({ length: 16 }, (_, index) => index)).toString('latin1') as NodeId;
