import { describe, expect, it } from '@jest/globals';

import { randomBelow } from '../../../lib/primitives/random.js';
import { ReceiveWindow, WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { SeededRandom } from '../../../lib/simulation/seeded-random.js';

describe('ReceiveWindow', () => {
  it('takes each sequence once, in order', () => {
    const window = new ReceiveWindow(0);
    for (let sequence = 1; sequence <= 3000; sequence++) {
      expect(window.see(sequence)).toBe('new');
      expect(window.see(sequence)).toBe('duplicate');
    }
    expect(window.highest).toBe(3000);
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

  it.each([
    [WINDOW_SIZE, 1, 'new'],
    [WINDOW_SIZE, 2, 'new'],
    [WINDOW_SIZE - 1, 1, 'new'],
  ] as const)('after %s takes %s for %s', (first, late, sighting) => {
    const window = new ReceiveWindow(0);
    expect(window.see(first)).toBe('new');
    expect(window.see(late)).toBe(sighting);
    expect(window.see(late)).toBe('duplicate');
  });

  it('takes one that has slid out for a double', () => {
    const window = new ReceiveWindow(0);
    window.see(2);
    window.see(WINDOW_SIZE + 2);
    expect(window.see(2)).toBe('duplicate');
    expect(window.see(1)).toBe('duplicate');
    expect(window.see(3)).toBe('new');
  });

  it('is not moved by a claim beyond it, however far', () => {
    const window = new ReceiveWindow(0);
    window.see(5);
    for (const claim of [5 + WINDOW_SIZE + 1, 2 ** 32, 2 ** 47, 2 ** 48 - 1]) expect(window.see(claim)).toBe('beyond');
    expect(window.highest).toBe(5);
    expect([window.see(6), window.see(5 + WINDOW_SIZE)]).toEqual(['new', 'new']);
  });

  it('jumps when the origin itself says so, and takes what is still under way', () => {
    const window = new ReceiveWindow(0);
    window.see(1);
    window.confirmHighest(2 ** 47);
    expect(window.highest).toBe(2 ** 47);
    expect([window.see(2 ** 47), window.see(2 ** 47), window.see(2 ** 47 - WINDOW_SIZE + 1)]).toEqual([
      'new',
      'duplicate',
      'new',
    ]);
    expect([window.see(1), window.see(2 ** 47 - WINDOW_SIZE), window.see(2 ** 47 + 1)]).toEqual([
      'duplicate',
      'duplicate',
      'new',
    ]);
  });

  it('is not moved by a confirmation within it, or behind it', () => {
    const window = new ReceiveWindow(10);
    for (const highest of [0, 10, 500, 10 + WINDOW_SIZE]) window.confirmHighest(highest);
    expect(window.highest).toBe(10);
    expect(window.see(11)).toBe('new');
  });

  it.each([1, 2, 3, 2 ** 40])('takes each once in any order within reach (from %s)', (from) => {
    const random = new SeededRandom(from);
    const window = new ReceiveWindow(from - 1);
    const seen = new Set<number>();
    const wrong: number[] = [];
    for (let step = 0; step < 50_000; step++) {
      const sequence = from + Math.floor(step / 10) + randomBelow(random, 900);
      if (sequence <= window.highest - WINDOW_SIZE) continue;
      if (window.see(sequence) !== (seen.has(sequence) ? 'duplicate' : 'new')) wrong.push(sequence);
      seen.add(sequence);
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBeGreaterThan(5000);
  });
});
