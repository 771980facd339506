import { describe, expect, it } from '@jest/globals';

import { RecentMap } from '../../../lib/primitives/recent-map.js';

function mapOf(limit: number, keys: string): RecentMap<string, number> {
  const map = new RecentMap<string, number>(limit);
  keys.split('').forEach((key, index) => map.set(key, index));
  return map;
}

const keysOf = (map: RecentMap<string, number>): string => [...map.entries()].map(([key]) => key).join('');

describe('RecentMap', () => {
  it('holds as much as it may, and lets go of the older half', () => {
    expect(keysOf(mapOf(4, 'abcd'))).toBe('abcd');
    const map = mapOf(4, 'abcde');
    expect([keysOf(map), map.size, map.has('a'), map.get('c')]).toEqual(['cde', 3, false, 2]);
  });

  it('keeps the last half that was set or touched, whatever comes', () => {
    const map = mapOf(4, 'ab');
    for (const key of 'cdefghij') {
      map.set(key, 0);
      map.touch('b');
      expect([map.has('b'), map.has(key)]).toEqual([true, true]);
      expect(map.size).toBeLessThanOrEqual(4);
    }
  });

  it('has a key once, when it is set again or touched', () => {
    const map = mapOf(4, 'abca');
    expect([keysOf(map), map.get('a'), map.size]).toEqual(['bca', 3, 3]);
    map.touch('b');
    map.touch('unknown');
    expect(keysOf(map).split('').sort().join('')).toBe('abc');
  });

  it('takes asking for no use', () => {
    const map = mapOf(4, 'ab');
    for (const key of 'cde') {
      map.get('a');
      map.has('a');
      map.set(key, 0);
    }
    expect(map.has('a')).toBe(false);
  });

  it('forgets what is deleted, and takes it anew', () => {
    const map = mapOf(4, 'abc');
    for (const key of 'bc') map.delete(key);
    map.touch('b');
    expect(keysOf(map)).toBe('a');
    map.set('b', 1);
    expect([map.get('b'), map.size]).toEqual([1, 2]);
  });
});
