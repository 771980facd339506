import { describe, expect, it } from '@jest/globals';

import { ReceiveWindow, WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';

const TRUE_TOP = 100;

/** A window that has truly seen all up to `TRUE_TOP`, and forged ones then. */
function forgedWindow(...forged: readonly number[]): ReceiveWindow {
  const window = new ReceiveWindow(0);
  for (let sequence = 1; sequence <= TRUE_TOP; sequence++) window.see(sequence);
  for (const sequence of forged) window.see(sequence);
  return window;
}

describe('ReceiveWindow.retract', () => {
  it.each([[101], [105], [101, 102, 103], [TRUE_TOP + WINDOW_SIZE], [1100, 2000], [1124, 2148, 3172]])(
    'undoes all that was forged by the snapshot (%s)',
    (...forged) => {
      const window = forgedWindow(...forged);
      window.retract(TRUE_TOP, window.snapshot());
      expect([window.top, window.contiguous, window.lost]).toEqual([TRUE_TOP, TRUE_TOP, undefined]);
      const taken = Array.from({ length: 3 * WINDOW_SIZE }, (_, index) => window.see(TRUE_TOP + 1 + index));
      expect(taken.filter((sighting) => sighting !== 'new')).toEqual([]);
    },
  );

  it('keeps what came since', () => {
    const window = forgedWindow(105, 300);
    const snapshot = window.snapshot();
    for (const sequence of [101, 102, 104]) window.see(sequence);
    window.retract(TRUE_TOP, snapshot);
    expect([window.top, window.contiguous]).toEqual([104, 102]);
    expect([101, 103, 104, 105].map((sequence) => window.see(sequence))).toEqual([
      'duplicate',
      'late',
      'duplicate',
      'new',
    ]);
  });

  it('takes nothing twice that it saw before', () => {
    for (const forged of [101, 1000, 1124]) {
      const window = forgedWindow(forged);
      window.retract(TRUE_TOP, window.snapshot());
      const again = Array.from({ length: TRUE_TOP }, (_, index) => window.see(index + 1));
      expect(again.filter((sighting) => sighting !== 'duplicate')).toEqual([]);
    }
  });

  it('lacks a datagram again that a forged one stood in the place of', () => {
    const window = forgedWindow(101);
    const snapshot = window.snapshot();
    expect([window.see(101), window.see(102), window.contiguous]).toEqual(['duplicate', 'new', 102]);
    window.retract(TRUE_TOP, snapshot);
    expect(window.missing(0, window.top)).toEqual([{ from: 101, to: 101 }]);
    expect(window.see(101)).toBe('late');
  });

  it('keeps of what was lost what the origin has sent', () => {
    const window = new ReceiveWindow(0);
    for (const sequence of [1, 50, 1074, 2098]) window.see(sequence);
    expect(window.lost).toEqual({ from: 2, to: 1073 });
    window.retract(60, window.snapshot());
    expect([window.lost, window.contiguous, window.top]).toEqual([{ from: 2, to: 60 }, 1, 60]);
    expect(window.see(61)).toBe('new');
  });

  it('still lacks the last one that the origin has sent', () => {
    const window = new ReceiveWindow(0);
    for (const sequence of [1, 50, 1074, 2098]) window.see(sequence);
    window.retract(2, window.snapshot());
    expect([window.lost, window.whole]).toEqual([{ from: 2, to: 2 }, false]);
  });

  it('lacks all in between where a forged one came since, far above', () => {
    const window = forgedWindow(1100);
    const snapshot = window.snapshot();
    for (const forged of [2000, 3000, 4000]) window.see(forged);
    window.retract(TRUE_TOP, snapshot);
    expect([window.top, window.contiguous]).toEqual([4000, TRUE_TOP]);
    expect(window.lost).toEqual({ from: TRUE_TOP + 1, to: 4000 - WINDOW_SIZE });
    expect(window.missing(0, 3500)).toEqual([
      { from: 4000 - WINDOW_SIZE + 1, to: 2999 },
      { from: 3001, to: 3500 },
    ]);
    // The next answer undoes the rest.
    window.retract(TRUE_TOP, window.snapshot());
    expect([window.top, window.lost, window.see(101)]).toEqual([TRUE_TOP, undefined, 'new']);
  });
});
