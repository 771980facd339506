import { describe, expect, it } from '@jest/globals';

import { randomBelow } from '../../../lib/primitives/random.js';
import { ReceiveWindow, WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const FORGED = [2 ** 31, 2 ** 32, 2 ** 47, 2 ** 48 - 1] as const;

/** A window from 1 on that has seen these. */
function windowOf(...sequences: readonly number[]): ReceiveWindow {
  const window = new ReceiveWindow(0);
  for (const sequence of sequences) window.see(sequence);
  return window;
}

/** All that it knows to be missing. */
function missingOf(window: ReceiveWindow): (readonly [number, number])[] {
  return window.missing(0, window.top).map(({ from, to }) => [from, to]);
}

describe('ReceiveWindow', () => {
  it('takes each sequence once, in order, and lacks nothing', () => {
    const window = new ReceiveWindow(0);
    for (let sequence = 1; sequence <= 3000; sequence++) {
      expect(window.see(sequence)).toBe('new');
      expect(window.see(sequence)).toBe('duplicate');
    }
    expect([window.top, window.contiguous, window.whole, window.lost]).toEqual([3000, 3000, true, undefined]);
  });

  it('takes what lies before its baseline for heard', () => {
    const window = new ReceiveWindow(100);
    expect([window.see(100), window.see(99), window.see(0), window.see(101)]).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
      'new',
    ]);
  });

  it('tells what fills a hole from what is the highest yet', () => {
    const window = windowOf(2, 5);
    expect(missingOf(window)).toEqual([
      [1, 1],
      [3, 4],
    ]);
    expect([window.see(4), window.see(4), window.see(1)]).toEqual(['late', 'duplicate', 'late']);
    expect([missingOf(window), window.contiguous, window.whole]).toEqual([[[3, 3]], 2, false]);
    expect([window.see(3), window.contiguous, window.whole]).toEqual(['late', 5, true]);
  });

  it.each([
    [WINDOW_SIZE, 1],
    [WINDOW_SIZE, 2],
    [WINDOW_SIZE - 1, 1],
  ])('after %s takes %s for late', (first, late) => {
    const window = new ReceiveWindow(0);
    expect([window.see(first), window.see(late), window.see(late)]).toEqual(['new', 'late', 'duplicate']);
    expect(window.lost).toBeUndefined();
  });

  it('counts as lost what it slides over, and takes it for a double from then on', () => {
    const window = windowOf(2, WINDOW_SIZE + 1);
    expect([window.lost, window.contiguous]).toEqual([{ from: 1, to: 1 }, 0]);
    expect([window.see(1), window.see(2), window.see(WINDOW_SIZE + 4)]).toEqual(['duplicate', 'duplicate', 'new']);
    expect([window.lost, window.see(3), window.see(5)]).toEqual([{ from: 1, to: 4 }, 'duplicate', 'late']);
  });

  it('tells one that has slid out from the one that has its bit now', () => {
    const window = windowOf(1, 2, 3);
    window.extendTo(3 + WINDOW_SIZE);
    expect([3, 3 + WINDOW_SIZE, 3].map((each) => window.see(each))).toEqual(['duplicate', 'late', 'duplicate']);
  });

  it('is not moved by a claim beyond it, however far and however often', () => {
    const window = windowOf(5);
    for (const claim of [5 + WINDOW_SIZE + 1, ...FORGED]) expect(window.see(claim)).toBe('beyond');
    expect(window.top).toBe(5);
    expect([window.see(6), window.see(6 + WINDOW_SIZE)]).toEqual(['new', 'new']);
  });

  it.each([1, 31, 32, 33, 1023, 1024])('takes each once on its way round the bitmap, in steps of %d', (step) => {
    const window = new ReceiveWindow(0);
    for (let sequence = step; sequence < Math.max(50, 1100 / step) * step; sequence += step) {
      const sightings = [window.see(sequence), window.see(sequence), window.see(sequence - step)];
      expect({ sequence, sightings }).toEqual({ sequence, sightings: ['new', 'duplicate', 'duplicate'] });
    }
  });

  it.each([1, 2, 3, 2 ** 40])('takes each once in any order within reach (from %s)', (from) => {
    const random = new SeededRandom(from);
    const window = new ReceiveWindow(from - 1);
    const seen = new Set<number>();
    const wrong: number[] = [];
    for (let step = 0; step < 50_000; step++) {
      const sequence = from + Math.floor(step / 10) + randomBelow(random, 900);
      if (sequence <= window.top - WINDOW_SIZE) continue;
      if ((window.see(sequence) === 'duplicate') !== seen.has(sequence)) wrong.push(sequence);
      seen.add(sequence);
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBeGreaterThan(5000);
  });
});

describe('ReceiveWindow.missing', () => {
  it('gives ranges between two sequences, up to a number of them', () => {
    const window = windowOf(3, 6, 7, 10);
    const all = [
      { from: 1, to: 2 },
      { from: 4, to: 5 },
      { from: 8, to: 9 },
    ];
    expect(window.missing(0, 10)).toEqual(all);
    expect(window.missing(0, 10, 2)).toEqual(all.slice(0, 2));
    expect(window.missing(2, 8)).toEqual([
      { from: 2, to: 2 },
      { from: 4, to: 5 },
      { from: 8, to: 8 },
    ]);
    expect([window.missing(6, 7), window.missing(9, 8)]).toEqual([[], []]);
  });

  it('counts as missing what somebody claims above the highest', () => {
    const window = windowOf(1, 3);
    expect(window.missing(2, 2 ** 47)).toEqual([
      { from: 2, to: 2 },
      { from: 4, to: 2 ** 47 },
    ]);
    expect(windowOf(1, 2).missing(2, 5)).toEqual([{ from: 3, to: 5 }]);
    expect(window.top).toBe(3);
  });
});

describe('ReceiveWindow.extendTo', () => {
  it('lacks all up to there, and takes what is still under way', () => {
    const window = windowOf(1);
    window.extendTo(2 ** 47);
    expect([window.top, window.contiguous]).toEqual([2 ** 47, 1]);
    expect(window.lost).toEqual({ from: 2, to: 2 ** 47 - WINDOW_SIZE });
    expect(missingOf(window)).toEqual([[2 ** 47 - WINDOW_SIZE + 1, 2 ** 47]]);
    const sightings = [2 ** 47, 2 ** 47, 2 ** 47 - WINDOW_SIZE + 1, 2 ** 47 - WINDOW_SIZE, 1, 2 ** 47 + 1];
    expect(sightings.map((sequence) => window.see(sequence))).toEqual([
      'late',
      'duplicate',
      'late',
      'duplicate',
      'duplicate',
      'new',
    ]);
  });

  it('lacks the last one', () => {
    const window = windowOf(1, 2);
    window.extendTo(3);
    expect([window.whole, missingOf(window), window.contiguous]).toEqual([false, [[3, 3]], 2]);
    window.loseTo(3);
    expect([window.whole, window.lost, missingOf(window)]).toEqual([false, { from: 3, to: 3 }, []]);
  });

  it('does nothing where it is not beyond the highest', () => {
    const window = windowOf(1, 2, 10);
    for (const top of [0, 2, 9, 10]) window.extendTo(top);
    expect([window.top, missingOf(window)]).toEqual([10, [[3, 9]]]);
  });

  it.each([1, 1023, 1024, 1025])('after a jump by two windows and %d, mixes up none that share a bit', (offset) => {
    const window = new ReceiveWindow(0);
    window.extendTo(offset + 2 * WINDOW_SIZE);
    const { top } = window;
    // All three have one place in the bitmap.
    const sightings = [top, top - WINDOW_SIZE, top + WINDOW_SIZE, top].map((each) => window.see(each));
    expect(sightings).toEqual(['late', 'duplicate', 'new', 'duplicate']);
  });
});

describe('ReceiveWindow.close', () => {
  it('makes up for exactly its range', () => {
    const window = windowOf(5, 10, 15);
    window.close(7, 12);
    expect(missingOf(window)).toEqual([
      [1, 4],
      [6, 6],
      [13, 14],
    ]);
    expect([window.see(8), window.see(6), window.contiguous]).toEqual(['duplicate', 'late', 0]);
    window.close(1, 3);
    expect([missingOf(window)[0], window.contiguous]).toEqual([[4, 4], 3]);
  });

  it('takes the window along where it reaches beyond', () => {
    const window = windowOf(1, 4);
    window.close(2, 5000);
    expect([window.top, window.contiguous, window.whole, window.see(5001)]).toEqual([5000, 5000, true, 'new']);
    const later = windowOf(1, 4);
    later.close(6, 5000);
    expect([later.lost, later.whole]).toEqual([{ from: 2, to: 5 }, false]);
  });

  it.each([
    { from: 1, upTo: 1976, left: undefined },
    { from: 2, upTo: 1976, left: undefined },
    { from: 1, upTo: 1975, left: { from: 1976, to: 1976 } },
    { from: 2, upTo: 2, left: { from: 3, to: 1976 } },
    { from: 1976, upTo: 1976, left: { from: 2, to: 1975 } },
    { from: 3, upTo: 2000, left: { from: 2, to: 2 } },
    // A range has two ends: what would make two of it is left as it is.
    { from: 3, upTo: 1975, left: { from: 2, to: 1976 } },
    { from: 1977, upTo: 2000, left: { from: 2, to: 1976 } },
    { from: 0, upTo: 1, left: { from: 2, to: 1976 } },
  ])('of what was lost leaves $left when $from to $upTo is made up for', ({ from, upTo, left }) => {
    const window = windowOf(1);
    window.extendTo(3000);
    window.close(from, upTo);
    expect(window.lost).toEqual(left);
  });
});

describe('ReceiveWindow.loseTo', () => {
  it('joins all that is missing up to there with what was lost', () => {
    const window = windowOf(1, 4, 7);
    window.loseTo(5);
    expect([window.lost, missingOf(window), window.contiguous]).toEqual([{ from: 2, to: 5 }, [[6, 6]], 1]);
    window.loseTo(3000);
    expect([window.lost, window.top, missingOf(window)]).toEqual([{ from: 2, to: 3000 }, 3000, []]);
  });

  it('loses nothing where nothing is missing', () => {
    const window = windowOf(1, 2, 3);
    window.loseTo(3);
    expect([window.lost, window.whole]).toEqual([undefined, true]);
  });
});
