import { describe, expect, it } from '@jest/globals';

import { judge, nextJudgementAt } from '../../../lib/membership/failure-judgement.js';
import { seededRandom } from '../../support/seeded-random.js';

describe('judge', () => {
  it.each([
    [0, 5000, 'alive'],
    [14_999, 5000, 'alive'],
    [15_000, 5000, 'suspect'],
    [19_999, 5000, 'suspect'],
    [20_000, 5000, 'mute'],
    [24_999, 5000, 'mute'],
    [25_000, 5000, 'dead'],
    [1e9, 5000, 'dead'],
    [299, 100, 'alive'],
    [300, 100, 'suspect'],
    [500, 100, 'dead'],
    [59_999, 20_000, 'alive'],
    [-10, 5000, 'alive'],
    [14_999.999, 5000, 'alive'],
    [15_000.001, 5000, 'suspect'],
    [19_999.999, 5000, 'suspect'],
    [24_999.999, 5000, 'mute'],
  ])('after %s ms of silence, with heartbeats of %s ms: %s', (silenceMs, heartbeatMs, expected) => {
    expect(judge(1000 + silenceMs, 1000, heartbeatMs)).toBe(expected);
  });
});

describe('nextJudgementAt', () => {
  it.each([
    [0, 15_000],
    [14_999, 15_000],
    [15_000, 20_000],
    [19_999, 20_000],
    [20_000, 25_000],
    [30_000, 25_000],
  ])('after %s ms of silence the next change is at %s', (silenceMs, nextMs) => {
    expect(nextJudgementAt(1000 + silenceMs, 1000, 5000)).toBe(1000 + nextMs);
  });

  it('is when the judgement changes, and not before', () => {
    for (let now = 0; now < 2500; now += 7) {
      const at = nextJudgementAt(now, 0, 500);
      if (at <= now) continue;
      expect(judge(at - 0.001, 0, 500)).toBe(judge(now, 0, 500));
      expect(judge(at, 0, 500)).not.toBe(judge(now, 0, 500));
    }
  });

  it('is exact where the clock has fractions (seed 6)', () => {
    const random = seededRandom(6);
    const order = ['alive', 'suspect', 'mute', 'dead'] as const;
    for (let round = 0; round < 200; round++) {
      const lastAliveAt = random.u32() / 977;
      const heartbeatMs = 100 + (random.u32() % 19_900_000) / 1000;
      let now = lastAliveAt;
      for (const judgement of order) {
        expect({ round, judgement: judge(now, lastAliveAt, heartbeatMs) }).toEqual({ round, judgement });
        if (judgement === 'dead') break;
        const next = nextJudgementAt(now, lastAliveAt, heartbeatMs);
        expect(judge(next - 1e-6, lastAliveAt, heartbeatMs)).toBe(judgement);
        now = next;
      }
      expect(nextJudgementAt(now, lastAliveAt, heartbeatMs)).toBe(now);
    }
  });
});
