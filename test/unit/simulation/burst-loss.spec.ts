import { describe, expect, it } from '@jest/globals';

import { BurstLoss } from '../../../lib/simulation/burst-loss.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const CONDITIONS = { enter: 0.01, leave: 0.1, loss: 0.9 };
const DRAWS = 100_000;

function losses(link: string, burst = new BurstLoss(new SeededRandom(1))): number[] {
  return Array.from({ length: DRAWS }, () => burst.next(link, CONDITIONS, 0.02));
}

describe('BurstLoss', () => {
  it('is usual while the link is well, and the other while it is ill (seed 1)', () => {
    const all = losses('a b');
    expect(new Set(all)).toEqual(new Set([0.02, 0.9]));
    // Of a hundred datagrams one makes it ill, of ten one makes it well again: a share of 1 in 11.
    expect(Math.abs(all.filter((loss) => loss === 0.9).length / DRAWS - 1 / 11)).toBeLessThan(0.01);
  });

  it('stays ill for ten datagrams in the mean (seed 1)', () => {
    const all = losses('a b');
    const falls = all.filter((loss, index) => loss === 0.9 && all[index - 1] !== 0.9).length;
    expect(Math.abs(all.filter((loss) => loss === 0.9).length / falls - 10)).toBeLessThan(0.5);
  });

  it('keeps links apart', () => {
    const burst = new BurstLoss(new SeededRandom(1));
    const ill = { enter: 1, leave: 0, loss: 1 };
    expect(burst.next('a b', ill, 0)).toBe(1);
    expect(burst.next('b a', CONDITIONS, 0)).toBe(0);
    expect(burst.next('a b', ill, 0)).toBe(1);
  });
});
