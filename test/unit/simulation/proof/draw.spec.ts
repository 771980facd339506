import { describe, expect, it } from '@jest/globals';

import { Draw } from '../../../../lib/simulation/proof/draw.js';
import { SeededRandom } from '../../../../lib/primitives/seeded-random.js';

const ITEMS = Array.from({ length: 10 }, (_, index) => index);

describe('Draw', () => {
  it('takes some of a list, each once, and all of them as often (seed 1)', () => {
    const draw = new Draw(new SeededRandom(1));
    const counts = new Array<number>(10).fill(0);
    for (let time = 0; time < 10_000; time++) {
      const some = draw.some(ITEMS, 3);
      expect(new Set(some).size).toBe(3);
      for (const item of some) counts[item]!++;
    }
    for (const count of counts) expect(Math.abs(count - 3000)).toBeLessThan(200);
    expect(draw.some(ITEMS, 99).sort()).toEqual(ITEMS);
    expect(ITEMS).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('stays between its bounds, and reaches them (seed 2)', () => {
    const draw = new Draw(new SeededRandom(2));
    const wholes = Array.from({ length: 1000 }, () => draw.whole(3, 6));
    expect(new Set(wholes)).toEqual(new Set([3, 4, 5, 6]));
    const numbers = Array.from({ length: 1000 }, () => draw.between(-1, 1));
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(Math.max(...numbers) - Math.min(...numbers)).toBeGreaterThan(1.9);
    const share = Array.from({ length: 10_000 }, () => draw.chance(0.3)).filter(Boolean).length / 10_000;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.02);
  });

  it('can pick from a list, and not from none', () => {
    const draw = new Draw(new SeededRandom(3));
    expect(ITEMS).toContain(draw.pick(ITEMS));
    expect(() => draw.pick([])).toThrow(RangeError);
  });
});
