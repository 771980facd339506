import { describe, expect, it } from '@jest/globals';
import { Glob } from '../../../lib/delivery/glob.js';
import { type PatternEntry, PatternIndex } from '../../../lib/delivery/pattern-index.js';
import { seededRandom } from '../../support/seeded-random.js';

function indexOf(...patterns: readonly string[]): PatternIndex<string> {
  const index = new PatternIndex<string>();
  for (const pattern of patterns) index.add(pattern, pattern);
  return index;
}

describe('PatternIndex', () => {
  it('finds exact keys and globs, in order of registration', () => {
    const index = indexOf('user:*', 'user:42', '*', 'user:4?', 'order:*', 'user:42');
    expect(index.match('user:42')).toEqual(['user:*', 'user:42', '*', 'user:4?', 'user:42']);
    expect(index.match('order:1')).toEqual(['*', 'order:*']);
    expect(index.match('user:42:name')).toEqual(['user:*', '*']);
  });

  it('takes a pattern with nothing but escapes for the key that it spells', () => {
    const index = indexOf('a\\*b');
    expect(index.match('a*b')).toEqual(['a\\*b']);
    expect(index.match('a\\*b')).toEqual([]);
  });

  it('takes a key as it is', () => {
    const index = new PatternIndex<string>();
    index.addExact('lease:*', 'lease');
    expect(index.match('lease:*')).toEqual(['lease']);
    expect(index.match('lease:1')).toEqual([]);
  });

  it('tells globs apart whose beginnings share some text', () => {
    const index = indexOf('abc*', 'ab*', 'abd*', 'a*', 'abcde*', '*', 'b*');
    expect(index.match('abcd')).toEqual(['abc*', 'ab*', 'a*', '*']);
    expect(index.match('abde')).toEqual(['ab*', 'abd*', 'a*', '*']);
    expect(index.match('abcdef')).toEqual(['abc*', 'ab*', 'a*', 'abcde*', '*']);
    expect(index.match('a')).toEqual(['a*', '*']);
    expect(index.match('c')).toEqual(['*']);
  });

  it('forgets what is removed, once', () => {
    const index = new PatternIndex<number>();
    const entries = ['user:*', 'user:42', 'user:42', 'us*'].map((pattern, value) => index.add(pattern, value));
    expect(index.size).toBe(4);
    expect(index.remove(entries[1]!)).toBe(true);
    expect(index.remove(entries[1]!)).toBe(false);
    expect(index.match('user:42')).toEqual([0, 2, 3]);
    expect(index.remove(entries[0]!)).toBe(true);
    expect(index.remove(entries[0]!)).toBe(false);
    expect(index.match('user:42')).toEqual([2, 3]);
    index.remove(entries[2]!);
    index.remove(entries[3]!);
    expect(index.match('user:42')).toEqual([]);
    expect(index.size).toBe(0);
  });

  it('does not change a list that it has given', () => {
    const index = new PatternIndex<number>();
    const first = index.add('a', 1);
    index.add('a', 2);
    const before = index.match('a');
    index.remove(first);
    index.add('a', 3);
    expect(before).toEqual([1, 2]);
    expect(index.match('a')).toEqual([2, 3]);
  });

  it('allocates nothing where nothing matches or exact keys only', () => {
    const index = indexOf('a', 'b*');
    expect(index.match('x')).toBe(index.match('y'));
    expect(Object.isFrozen(index.match('x'))).toBe(true);
    expect(index.match('a')).toBe(index.match('a'));
  });

  it('finds what trying every pattern finds, while patterns come and go', () => {
    const seed = 11;
    const random = seededRandom(seed);
    const below = (bound: number): number => random.u32() % bound;
    const letters = ['a', 'b', ':', '*', '?', '[ab]', '\\*', 'é'];
    const text = (most: number): string =>
      Array.from({ length: below(most) + 1 }, () => letters[below(letters.length)]).join('');

    const index = new PatternIndex<number>();
    const live = new Map<number, { readonly glob: Glob; readonly entry: PatternEntry<number> }>();
    let found = 0;
    for (let round = 0; round < 5000; round++) {
      if (live.size > 60 || (live.size > 0 && below(3) === 0)) {
        const value = [...live.keys()][below(live.size)]!;
        index.remove(live.get(value)!.entry);
        live.delete(value);
      } else {
        const pattern = text(6);
        live.set(round, { glob: new Glob(pattern), entry: index.add(pattern, round) });
      }
      const key = text(6);
      const expected = [...live].filter(([, { glob }]) => glob.matches(key)).map(([value]) => value);
      found += expected.length;
      expect({ seed, round, key, found: index.match(key) }).toEqual({ seed, round, key, found: expected });
    }
    expect(found).toBeGreaterThan(1000);
    for (const { entry } of live.values()) index.remove(entry);
    expect(index.size).toBe(0);
    expect(index.match('a')).toEqual([]);
  });
});
