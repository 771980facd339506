const NONCE_BYTES = 12;
const COUNTER_BYTES = 6;

/** Counters are written in 8 bytes, of which the upper two stay zero: at a million a second they last nine years. */
export const MAX_COUNTER = 2 ** 48 - 1;

/** The cipher (NIST SP 800-38D) whose nonces these are, and what it puts behind the ciphertext. */
export const CIPHER = 'aes-256-gcm';
export const TAG_BYTES = 16;

/** Nonces of AES-GCM that are counted: no counter may meet the same key twice. */
export class CounterNonce {
  readonly #bytes = Buffer.alloc(NONCE_BYTES);

  /** Four zero bytes and the counter as u64, big-endian. It is overwritten by the next call; `node:crypto` copies it. */
  of(counter: number): Buffer {
    this.#bytes.writeUIntBE(counter, NONCE_BYTES - COUNTER_BYTES, COUNTER_BYTES);
    return this.#bytes;
  }
}
