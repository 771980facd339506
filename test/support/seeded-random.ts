import type { Random } from '../../lib/primitives/random.js';

/** A generator whose sequence is given by its seed (xorshift32, Marsaglia 2003). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return {
    u32(): number {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>>= 0);
    },
  };
}
