import { describe, expect, it } from '@jest/globals';

import { RecentMap } from '../../../lib/primitives/recent-map.js';

function mapOf(limit: number, ...keys: readonly string[]): RecentMap<string, number> {
  const map = new RecentMap<string, number>(limit);
  keys.forEach((key, index) => map.set(key, index));
  return map;
}

const keysOf = (map: RecentMap<string, number>): string => [...map.entries()].map(([key]) => key).join('');

describe('RecentMap', () => {
  it('lets go of what was set longest ago', () => {
    const map = mapOf(3, 'a', 'b', 'c', 'd');
    expect([keysOf(map), map.size, map.has('a'), map.get('b')]).toEqual(['bcd', 3, false, 1]);
  });

  it('lets go of nothing when an entry that is there is set', () => {
    const map = mapOf(3, 'a', 'b', 'c', 'a');
    expect([keysOf(map), map.get('a')]).toEqual(['bca', 3]);
  });

  it('keeps what was touched, however often', () => {
    const map = mapOf(3, 'a', 'b', 'c');
    for (const key of ['c', 'a', 'a', 'b', 'a', 'unknown']) map.touch(key);
    expect(keysOf(map)).toBe('cba');
    map.set('d', 4);
    expect(keysOf(map)).toBe('bad');
  });

  it('takes asking for no use', () => {
    const map = mapOf(2, 'a', 'b');
    map.get('a');
    map.has('a');
    map.set('c', 3);
    expect(keysOf(map)).toBe('bc');
  });

  it('forgets what is deleted, and takes it anew', () => {
    const map = mapOf(3, 'a', 'b');
    map.delete('b');
    map.touch('b');
    expect(keysOf(map)).toBe('a');
    map.set('b', 1);
    map.touch('a');
    map.touch('b');
    expect(keysOf(map)).toBe('ab');
  });
});
