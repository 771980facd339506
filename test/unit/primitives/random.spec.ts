import { describe, expect, it } from '@jest/globals';

import { type Random, randomBelow, randomFraction } from '../../../lib/primitives/random.js';

function given(...numbers: readonly number[]): Random {
  let next = 0;
  return { u32: () => numbers[next++ % numbers.length]! };
}

describe('randomFraction', () => {
  it.each([
    [0, 0],
    [0x8000_0000, 0.5],
  ])('makes of %s the fraction %s', (number, fraction) => expect(randomFraction(given(number))).toBe(fraction));

  it('is below 1', () => expect(randomFraction(given(0xffff_ffff))).toBeLessThan(1));
});

describe('randomBelow', () => {
  it.each([
    [0, 10, 0],
    [0xffff_ffff, 10, 9],
    [0x8000_0000, 10, 5],
    [0xffff_ffff, 1, 0],
  ])('makes of %s, below %s, %s', (number, bound, expected) =>
    expect(randomBelow(given(number), bound)).toBe(expected),
  );
});
