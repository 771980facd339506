import type { Random } from './random.js';

/**
 * The same numbers for the same seed, on every machine. SplitMix32 (G. Steele et al., "Fast splittable pseudorandom
 * number generators", 2014, reduced to 32 bits): good enough to shake a protocol, useless for nonces.
 */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  u32(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
