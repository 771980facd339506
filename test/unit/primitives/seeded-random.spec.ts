import { describe, expect, it } from '@jest/globals';

import { randomFraction } from '../../../lib/primitives/random.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

function numbers(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.u32());
}

describe('SeededRandom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    expect(numbers(1, 100)).toEqual(numbers(1, 100));
    expect(numbers(1, 100)).not.toEqual(numbers(2, 100));
  });

  it('gives the numbers that it gave before: named scenarios depend on them', () => {
    expect(numbers(1, 3)).toMatchInlineSnapshot(`
     [
       1580013426,
       350525680,
       3524174333,
     ]
    `);
  });

  it('gives whole numbers of 32 bits, evenly', () => {
    const random = new SeededRandom(7);
    const buckets = new Array<number>(16).fill(0);
    for (let draw = 0; draw < 160_000; draw++) {
      const bucket = Math.floor(randomFraction(random) * 16);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(numbers(3, 1000).every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
  });

  it.each([
    [0, [1684164658, 3653269916, 2939563536, 2141751570]],
    [7, [3838393609, 4210744933, 801465066, 1648156487]],
    [-1, [3950124170, 4293442868, 1302505678, 2762329221]],
    // The lowest 32 bits of a seed are what counts.
    [2 ** 32 - 1, [3950124170, 4293442868, 1302505678, 2762329221]],
    [2 ** 32 + 7, [3838393609, 4210744933, 801465066, 1648156487]],
  ])('gives for the seed %s what it always gave', (seed, expected) => expect(numbers(seed, 4)).toEqual(expected));

  it('sets every bit about half of the time (seed 2)', () => {
    const set = new Array<number>(32).fill(0);
    for (const number of numbers(2, 20_000)) {
      for (let bit = 0; bit < 32; bit++) set[bit] = (set[bit] ?? 0) + ((number >>> bit) & 1);
    }
    // Five standard deviations of 20,000 throws of a coin are 354.
    expect(set.filter((count) => Math.abs(count - 10_000) > 354)).toEqual([]);
  });

  it('begins differently for neighbouring seeds, and does not soon repeat itself', () => {
    expect(new Set(Array.from({ length: 1000 }, (_, seed) => numbers(seed, 1)[0])).size).toBe(1000);
    expect(new Set(numbers(4, 10_000)).size).toBe(10_000);
  });
});
