import type { Random } from './random.js';

/**
 * What a node asks another to echo, so that the other proves that it hears at the address it claims (the path
 * challenge of RFC 9000 § 8.2). 64 bits, of which the all-zero value means "none".
 */
export type Nonce = bigint;

export const NO_NONCE: Nonce = 0n;

/** A nonce that is never {@link NO_NONCE}. */
export function randomNonce(random: Random): Nonce {
  const nonce = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  return nonce === NO_NONCE ? 1n : nonce;
}
