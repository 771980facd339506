import { describe, expect, it } from '@jest/globals';

import { Counters } from '../../../lib/core/counters.js';

describe('Counters', () => {
  it('starts with nothing counted', () => {
    const { values } = new Counters();
    expect(Object.values(values).every((value) => value === 0)).toBe(true);
    expect(new Counters().dropped()).toEqual({});
  });

  it('counts what was dropped by reason, and gives out a copy', () => {
    const counters = new Counters();
    counters.drop('own');
    counters.drop('own');
    counters.drop('downgrade');
    const before = counters.dropped();
    counters.drop('own');
    expect(before).toEqual({ own: 2, downgrade: 1 });
    expect(counters.dropped()).toEqual({ own: 3, downgrade: 1 });
  });
});
