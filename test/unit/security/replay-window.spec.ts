import { describe, expect, it } from '@jest/globals';

import { ReplayWindow } from '../../../lib/security/replay-window.js';
import { seededRandom } from '../../support/seeded-random.js';
import { randomBelow } from '../../../lib/primitives/random.js';

const accepted = (window: ReplayWindow, ...counters: readonly number[]): string =>
  counters.map((counter) => window.accept(counter)).join(' ');

describe('ReplayWindow', () => {
  it('takes each counter once', () => {
    const window = ReplayWindow.startingAt(0);
    expect(accepted(window, 1, 2, 3)).toBe('fresh fresh fresh');
    expect(accepted(window, 1, 2, 3)).toBe('replayed replayed replayed');
  });

  it('takes them in any order', () => {
    const window = ReplayWindow.startingAt(0);
    expect(accepted(window, 5, 3, 4, 1, 2, 6)).toBe('fresh fresh fresh fresh fresh fresh');
    expect(accepted(window, 1, 2, 3, 4, 5, 6)).toBe(Array(6).fill('replayed').join(' '));
  });

  it.each([0, 1, 31, 32, 33, 2047, 2048, 5000, 2 ** 32 - 1, 2 ** 32, 2 ** 47 + 31, 2 ** 48 - 2])(
    'counts %i and all before it as seen when it starts there',
    (start) => {
      const window = ReplayWindow.startingAt(start);
      const before = Array.from({ length: Math.min(start, 2100) + 1 }, (_, back) => start - back);
      expect(before.filter((counter) => !window.hasSeen(counter))).toEqual([]);
      expect(before.filter((counter) => window.accept(counter) === 'fresh')).toEqual([]);
      expect(accepted(window, start + 1, start + 1)).toBe('fresh replayed');
    },
  );

  it.each([2047, 2048, 2079, 2080, 10_000, 10_001, 10_015, 10_031, 2 ** 40 + 5])(
    'reaches back 2048 counters from %i, and no further',
    (highest) => {
      const window = ReplayWindow.startingAt(0);
      window.accept(highest);
      const oldest = highest - 2047;
      expect(window.accept(oldest - 1)).toBe('replayed');
      const between = Array.from({ length: highest - Math.max(oldest, 1) }, (_, index) => highest - 1 - index);
      expect(between.filter((counter) => window.hasSeen(counter))).toEqual([]);
      expect(between.filter((counter) => accepted(window, counter, counter) !== 'fresh replayed')).toEqual([]);
      window.accept(highest + 1);
      expect(window.accept(oldest)).toBe('replayed');
    },
  );

  it.each([1, 31, 32, 63, 2047, 2048, 2049, 2079, 2080, 2081, 2112, 4160, 2 ** 31, 2 ** 32, 2 ** 45])(
    'forgets nothing that it must know, and knows nothing else, after a jump of %i',
    (jump) => {
      const window = ReplayWindow.startingAt(100);
      const before = [101, 103, 500, 999, 1000];
      for (const counter of before) window.accept(counter);
      const highest = 1000 + jump;
      expect(window.accept(highest)).toBe('fresh');
      const wrong: number[] = [];
      for (let counter = Math.max(highest - 2100, 0); counter <= highest; counter++) {
        const seen = counter <= Math.max(100, highest - 2048) || before.includes(counter) || counter === highest;
        if (window.hasSeen(counter) !== seen) wrong.push(counter);
      }
      expect(wrong).toEqual([]);
    },
  );

  it('notes nothing when it is only asked', () => {
    const window = ReplayWindow.startingAt(0);
    expect([window.hasSeen(10), window.hasSeen(10)]).toEqual([false, false]);
    expect(accepted(window, 5, 10, 4)).toBe('fresh fresh fresh');
    expect([window.hasSeen(10), window.hasSeen(4), window.hasSeen(6), window.hasSeen(11)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it.each([1, 2, 3, 4, 5])('says the same as a list of all that came, seed %i', (seed) => {
    const random = seededRandom(seed);
    const window = ReplayWindow.startingAt(0);
    const seen = new Set<number>();
    const wrong: number[] = [];
    let highest = 0;
    for (let step = 0; step < 20_000; step++) {
      const far = randomBelow(random, 100) === 0 ? 5000 : 60;
      const counter = Math.max(1, highest + randomBelow(random, far) - Math.floor(far / 2));
      const expected = seen.has(counter) || counter <= highest - 2048 ? 'replayed' : 'fresh';
      if (window.accept(counter) !== expected) wrong.push(step);
      seen.add(counter);
      highest = Math.max(highest, counter);
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBeGreaterThan(5000);
  });
});
