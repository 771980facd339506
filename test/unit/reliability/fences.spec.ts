import { beforeEach, describe, expect, it } from '@jest/globals';
import { Glob } from '../../../lib/delivery/glob.js';
import { bucketOf, BucketSet } from '../../../lib/primitives/bucket-set.js';
import { Fences, PATTERNS_KEPT } from '../../../lib/reliability/fences.js';

let isOpen: boolean;
let compiled: string[];
let fences: Fences;

beforeEach(() => {
  isOpen = true;
  compiled = [];
  fences = new Fences({
    isOpen: () => isOpen,
    compile: (pattern) => {
      compiled.push(pattern);
      return new Glob(pattern);
    },
  });
});

function bucketsOf(...keys: string[]): BucketSet {
  const buckets = new BucketSet();
  for (const key of keys) buckets.add(bucketOf(key));
  return buckets;
}

describe('Fences', () => {
  const moves: [name: string, move: () => void, movesA: boolean, movesB: boolean][] = [
    ['nothing', () => {}, false, false],
    ['its key', () => fences.moveKey('user:a'), true, false],
    ['another key', () => fences.moveKey('user:b'), false, true],
    ['a pattern that matches', () => fences.movePattern('user:a*'), true, false],
    ['a pattern that matches both', () => fences.movePattern('user:*'), true, true],
    ['a pattern without special characters', () => fences.movePattern('user:b'), false, true],
    ['a pattern that matches neither', () => fences.movePattern('order:*'), false, false],
    ['the bucket of one', () => fences.moveBuckets(bucketsOf('user:a')), true, false],
    ['the buckets of both', () => fences.moveBuckets(bucketsOf('user:a', 'user:b', 'c')), true, true],
    ['no buckets', () => fences.moveBuckets(new BucketSet()), false, false],
    ['all buckets', () => fences.moveBuckets('all'), true, true],
    ['everything', () => fences.moveAll(), true, true],
    ['a pattern longer than any that is published', () => fences.movePattern('x'.repeat(1025)), true, true],
  ];

  it.each(moves)('are moved as they should by %s', (_name, move, movesA, movesB) => {
    const [a, b] = [fences.make('user:a'), fences.make('user:b')];
    expect([a.isCurrent(), b.isCurrent()]).toEqual([true, true]);
    move();
    expect([a.isCurrent(), b.isCurrent()]).toEqual([!movesA, !movesB]);
    expect([fences.make('user:a').isCurrent(), fences.make('user:b').isCurrent()]).toEqual([true, true]);
  });

  it('stay moved', () => {
    const fence = fences.make('k');
    fences.moveKey('k');
    const later = fences.make('k');
    expect([fence.isCurrent(), later.isCurrent(), fence.isCurrent()]).toEqual([false, true, false]);
  });

  it('are not current while the bus does not hear everything', () => {
    const fence = fences.make('k');
    isOpen = false;
    expect([fence.isCurrent(), fences.make('k').isCurrent()]).toEqual([false, false]);
  });

  it('are frozen, and can be asked apart from their object', () => {
    const fence = fences.make('k');
    const { isCurrent } = fence;
    expect([Object.isFrozen(fence), isCurrent()]).toEqual([true, true]);
    fences.moveKey('k');
    expect(isCurrent()).toBe(false);
  });

  it('are not moved by what came before the first one was made', () => {
    fences.moveKey('k');
    fences.movePattern('*');
    fences.moveBuckets('all');
    expect(fences.make('k').isCurrent()).toBe(true);
    expect(compiled).toEqual([]);
  });

  it('survive as many patterns as are kept, and no more', () => {
    const fence = fences.make('k');
    const unasked = fences.make('k');
    for (let count = 0; count < PATTERNS_KEPT; count++) fences.movePattern(`other:${count}`);
    expect(fence.isCurrent()).toBe(true);
    fences.movePattern('other');
    // Who was asked meanwhile knows that the patterns which are gone did not match.
    expect([fence.isCurrent(), unasked.isCurrent()]).toEqual([true, false]);
  });

  it('are moved by the oldest pattern that is kept, and by the newest', () => {
    for (const at of [0, PATTERNS_KEPT - 1]) {
      const fence = fences.make('k');
      for (let count = 0; count < PATTERNS_KEPT; count++) fences.movePattern(count === at ? 'k*' : 'other');
      expect(fence.isCurrent()).toBe(false);
    }
  });

  it('tell of keys outside of ASCII', () => {
    const fence = fences.make('käse:😀');
    fences.moveBuckets(bucketsOf('käse:😀'));
    expect(fence.isCurrent()).toBe(false);
  });
});
