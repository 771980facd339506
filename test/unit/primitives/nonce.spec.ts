import { describe, expect, it } from '@jest/globals';
import { NO_NONCE, randomNonce } from '../../../lib/primitives/nonce.js';
import type { Random } from '../../../lib/primitives/random.js';

/** Gives these numbers, one after the other. */
function numbers(...values: readonly number[]): Random {
  const left = [...values];
  return { u32: () => left.shift()! };
}

describe('randomNonce', () => {
  it.each([
    [0x01234567, 0x89abcdef, 0x0123456789abcdefn],
    [0xffffffff, 0xffffffff, 0xffffffffffffffffn],
    [0x80000000, 0, 0x8000000000000000n],
    [0, 1, 1n],
  ])('is made of two draws, %d and %d', (high, low, nonce) => {
    expect(randomNonce(numbers(high, low))).toBe(nonce);
  });

  it('is never the one that means none', () => {
    expect(randomNonce(numbers(0, 0))).not.toBe(NO_NONCE);
  });
});
