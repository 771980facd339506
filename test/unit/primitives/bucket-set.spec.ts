import { describe, expect, it } from '@jest/globals';

import { BUCKET_COUNT, BUCKET_SET_BYTES, bucketOf, BucketSet } from '../../../lib/primitives/bucket-set.js';

function setOf(...buckets: readonly number[]): BucketSet {
  const set = new BucketSet();
  for (const bucket of buckets) set.add(bucket);
  return set;
}

function membersOf(set: BucketSet): number[] {
  return Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket).filter((bucket) => set.has(bucket));
}

describe('bucketOf', () => {
  // The lowest 12 bits of the hashes in appendix C of draft-eastlake-fnv.
  it.each([
    ['', 0xdc5],
    ['a', 0x92c],
    ['foobar', 0x968],
    ['chongo was here!\n', 0x0d5],
  ])('is the lowest 12 bits of the hash of %j', (key, bucket) => expect(bucketOf(key)).toBe(bucket));

  it('spreads keys that differ by a number evenly', () => {
    const counts = new Uint32Array(BUCKET_COUNT);
    for (let id = 0; id < 64 * BUCKET_COUNT; id++) counts[bucketOf(`user:${id}`)]! += 1;
    // Of a random spread, whose variance is its mean: 64.
    const variance = counts.reduce((sum, count) => sum + (count - 64) ** 2, 0) / BUCKET_COUNT;
    expect(variance).toBeLessThan(2 * 64);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });
});

describe('BucketSet', () => {
  it('is empty at first, in 512 bytes of its own', () => {
    const set = new BucketSet();
    expect(set.size).toBe(0);
    expect(membersOf(set)).toEqual([]);
    expect(set.bytes).toHaveLength(512);
    expect(new BucketSet().bytes).not.toBe(set.bytes);
  });

  it.each([
    [0, 0, 0x01],
    [7, 0, 0x80],
    [8, 1, 0x01],
    [2748, 343, 0x10],
    [4095, 511, 0x80],
  ])('keeps bucket %d in byte %d as %d', (bucket, at, bit) => {
    const { bytes } = setOf(bucket);
    expect(bytes[at]).toBe(bit);
    expect(bytes.reduce((sum, byte) => sum + byte, 0)).toBe(bit);
  });

  it('has what was added, once, and nothing else', () => {
    const buckets = [0, 1, 7, 8, 63, 64, 2048, 4094, 4095];
    const set = setOf(...buckets, ...buckets);
    expect(membersOf(set)).toEqual(buckets);
    expect(set.size).toBe(buckets.length);
  });

  it('can hold all', () => {
    const set = setOf(...Array.from({ length: BUCKET_COUNT }, (_, bucket) => bucket));
    expect(set.size).toBe(BUCKET_COUNT);
    expect(set.bytes.every((byte) => byte === 0xff)).toBe(true);
  });

  it('matches the keys of its buckets', () => {
    const set = setOf(bucketOf('user:42'), bucketOf('ключ'));
    expect(set.matches('user:42')).toBe(true);
    expect(set.matches('ключ')).toBe(true);
    expect(set.matches('user:43')).toBe(false);
    expect(new BucketSet().matches('user:42')).toBe(false);
  });

  it('takes in another set, and leaves that one as it is', () => {
    const set = setOf(1, 9, 4095);
    const other = setOf(0, 9, 2048);
    set.addAll(other);
    expect(membersOf(set)).toEqual([0, 1, 9, 2048, 4095]);
    expect(membersOf(other)).toEqual([0, 9, 2048]);
    set.add(5);
    expect(other.has(5)).toBe(false);
  });

  it('takes over the bytes that it is made of', () => {
    const bytes = new Uint8Array(BUCKET_SET_BYTES);
    const set = new BucketSet(bytes);
    set.add(8);
    expect(bytes[1]).toBe(1);
    expect(set.bytes).toBe(bytes);
  });
});
