import { describe, expect, it } from '@jest/globals';

import type { Random } from '../../../lib/primitives/random.js';
import { firstAskDelayMs, retryDelayMs } from '../../../lib/reliability/repair-timing.js';

/** Gives one fraction for ever. */
function always(fraction: number): Random {
  return { u32: () => Math.floor(fraction * 2 ** 32) };
}

const LOW = always(0);
const HIGH = always(1 - 2 ** -32);

describe('firstAskDelayMs', () => {
  it.each([
    { nodeCount: 0, latest: 15 },
    { nodeCount: 1, latest: 15 },
    { nodeCount: 16, latest: 15 },
    { nodeCount: 256, latest: 25 },
    { nodeCount: 4096, latest: 35 },
  ])('is 5 to $latest ms among $nodeCount', ({ nodeCount, latest }) => {
    expect(firstAskDelayMs(LOW, nodeCount)).toBe(5);
    expect(firstAskDelayMs(HIGH, nodeCount)).toBeCloseTo(latest, 6);
  });
});

describe('retryDelayMs', () => {
  it.each([
    { tries: 1, pauseMs: 25 },
    { tries: 2, pauseMs: 40 },
    { tries: 3, pauseMs: 64 },
    { tries: 4, pauseMs: 102.4 },
    { tries: 5, pauseMs: 163.84 },
    { tries: 6, pauseMs: 250 },
    { tries: 7, pauseMs: 250 },
    { tries: 100_000, pauseMs: 250 },
  ])('is $pauseMs ms, a fifth more or less, after $tries tries', ({ tries, pauseMs }) => {
    expect(retryDelayMs(LOW, tries)).toBeCloseTo(0.8 * pauseMs, 6);
    expect(retryDelayMs(HIGH, tries)).toBeCloseTo(1.2 * pauseMs, 6);
  });
});
