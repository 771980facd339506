import { describe, expect, it } from '@jest/globals';

import { BUCKET_COUNT, bucketOf, BucketSet } from '../../../lib/primitives/bucket-set.js';
import { randomBelow } from '../../../lib/primitives/random.js';
import { BucketHistory } from '../../../lib/reliability/bucket-history.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

function members(buckets: BucketSet | 'all'): number[] | 'all' {
  if (buckets === 'all') return 'all';
  return Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket).filter((bucket) => buckets.has(bucket));
}

function setOf(...buckets: readonly number[]): BucketSet {
  const set = new BucketSet();
  for (const bucket of buckets) set.add(bucket);
  return set;
}

describe('BucketHistory', () => {
  it('knows of nothing at first', () => expect(members(new BucketHistory().since(1))).toEqual([]));

  it('tells the buckets of all keys from a datagram on, itself included', () => {
    const history = new BucketHistory();
    ['a', 'b', 'c'].forEach((key, index) => history.noteBucket(bucketOf(key), index + 1));
    const [a, b, c] = ['a', 'b', 'c'].map(bucketOf);
    const sorted = (...buckets: readonly number[]): number[] => [...buckets].sort((one, other) => one - other);
    expect(members(history.since(1))).toEqual(sorted(a!, b!, c!));
    expect(members(history.since(2))).toEqual(sorted(b!, c!));
    expect(members(history.since(3))).toEqual([c]);
    expect(members(history.since(4))).toEqual([]);
  });

  it('remembers the last time of each bucket', () => {
    const history = new BucketHistory();
    history.noteBucket(bucketOf('a'), 1);
    history.noteBucket(bucketOf('b'), 2);
    history.noteBucket(bucketOf('a'), 3);
    expect(members(history.since(3))).toEqual([bucketOf('a')]);
  });

  it('takes the buckets of an overload along, and all for what names no bucket', () => {
    const history = new BucketHistory();
    history.noteBuckets(setOf(0, 7, 4095), 5);
    expect(members(history.since(5))).toEqual([0, 7, 4095]);
    history.noteBuckets('all', 6);
    expect([members(history.since(6)), members(history.since(1)), members(history.since(7))]).toEqual([
      'all',
      'all',
      [],
    ]);
  });

  it('never leaves out what was published, by sequences of any size (seed 1)', () => {
    const random = new SeededRandom(1);
    const history = new BucketHistory();
    const first = 2 ** 47;
    const published = Array.from({ length: 2000 }, () => `key ${randomBelow(random, 500)}`);
    published.forEach((key, index) => history.noteBucket(bucketOf(key), first + index));
    for (const from of [0, 1, 999, 1999]) {
      const since = history.since(first + from) as BucketSet;
      const buckets = new Set(published.slice(from).map(bucketOf));
      expect([since.size, published.slice(from).every((key) => since.matches(key))]).toEqual([buckets.size, true]);
    }
  });
});
