import { describe, expect, it } from '@jest/globals';
import { nearestName } from '../../../lib/options/nearest-name.js';

describe('nearestName', () => {
  const known = ['port', 'group', 'peers', 'heartbeat', 'batchInterval', 'batchSize'];

  it.each([
    ['prot', 'port'],
    ['PORT', 'port'],
    ['batch_size', 'batchSize'],
    ['batchIntervalMs', 'batchInterval'],
    ['heart', 'heartbeat'],
    ['peer', 'peers'],
    ['multicast', undefined],
    ['x', undefined],
  ])('takes %s for %s', (name, expected) => {
    expect(nearestName(name, known)).toBe(expected);
  });
});
