import { describe, expect, it } from '@jest/globals';

import { randomFraction } from '../../../lib/primitives/random.js';
import { SeededRandom } from '../../../lib/simulation/seeded-random.js';

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
});
