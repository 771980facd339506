import { describe, expect, it } from '@jest/globals';
import { rowOf } from '../../../sample/01-invalidation/src/live/live-row.js';
import { sighting } from './support/sightings.js';

describe('rowOf', () => {
  const seen = sighting({}, { at: 1000 });

  it.each([
    ['as it was seen lately', { running: true, changedAt: 500 }, seen, 2000, seen],
    ['silent when that was long ago', { running: true, changedAt: 500 }, seen, 2600, 'silent'],
    ['starting before it was seen', { running: true, changedAt: 500 }, undefined, 2000, 'starting'],
    ['starting when the process before it was seen', { running: true, changedAt: 1500 }, seen, 2000, 'starting'],
    ['ended at once when its process has', { running: false, changedAt: 1200 }, seen, 1300, 'ended'],
    ['as it was seen when another terminal has started it', { running: false, changedAt: 900 }, seen, 1300, seen],
  ])('shows an instance %s', (_, process, sightingOfIt, now, shown) => {
    const row = rowOf({ name: 'C', port: 3003, ...process }, sightingOfIt, now);
    expect(row).toEqual({ name: 'C', port: 3003, seen: shown });
  });
});
