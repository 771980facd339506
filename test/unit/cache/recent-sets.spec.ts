import { beforeEach, describe, expect, it } from '@jest/globals';
import { RecentSets, RESYNC_LAG_MS } from '../../../lib/cache/recent-sets.js';

let now: number;
let sets: RecentSets;

beforeEach(() => {
  now = 0;
  sets = new RecentSets(() => now);
});

describe('RecentSets', () => {
  it('knows for a second what an event may concern, and for ten what a resync may', () => {
    sets.note('a', false);
    now = 1000;
    expect([sets.takes('a', false), sets.takes('a', true), sets.takes('b', false)]).toEqual([true, true, false]);
    now = 1001;
    expect(sets.takes('a', false)).toBe(false);
    now = RESYNC_LAG_MS;
    expect([...sets.takenBy((key) => key === 'a')]).toEqual(['a']);
    now++;
    expect([...sets.takenBy(() => true)]).toEqual([]);
  });

  it('does not let an own announcement take what was put for it, and lets that of others', () => {
    sets.note('a', true);
    expect([sets.takes('a', true), sets.takes('a', false)]).toEqual([false, true]);
    sets.note('a', false);
    expect(sets.takes('a', true)).toBe(true);
  });

  it('keeps a bounded number', () => {
    for (let index = 0; index < 20_000; index++) sets.note(`key:${index}`, false);
    expect(sets.size).toBe(10_000);
    now = RESYNC_LAG_MS + 1;
    sets.note('a', false);
    expect(sets.size).toBe(1);
  });
});
