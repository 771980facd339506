import { describe, expect, it } from '@jest/globals';

import { Timeline } from '../../../lib/simulation/timeline.js';

describe('Timeline', () => {
  it('leaps from one happening to the next, and stops at the end of its time', () => {
    const timeline = new Timeline();
    const seen: number[] = [];
    for (const at of [30, 10, 20]) timeline.at(at, () => seen.push(timeline.now));
    expect([timeline.runUntil(() => false, 25), timeline.now, seen]).toEqual([false, 25, [10, 20]]);
    expect([timeline.runUntil(() => seen.length === 3, 25), timeline.now, seen]).toEqual([true, 30, [10, 20, 30]]);
  });

  it('does not go back for what is asked for too late', () => {
    const timeline = new Timeline();
    timeline.runUntil(() => false, 50);
    let at = 0;
    timeline.at(10, () => (at = timeline.now));
    timeline.runUntil(() => false, 1);
    expect(at).toBe(50);
  });
});
