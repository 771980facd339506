import { beforeEach, describe, expect, it } from '@jest/globals';

import { BucketSet, bucketOf } from '../../../../lib/primitives/bucket-set.js';
import { SeededRandom } from '../../../../lib/primitives/seeded-random.js';
import { randomNodeId } from '../../../../lib/simulation/simulated-config.js';
import { ModelCache } from '../../../../lib/simulation/proof/model-cache.js';
import { Truth } from '../../../../lib/simulation/proof/truth.js';

const writer = randomNodeId(new SeededRandom(1));
let truth: Truth;
let cache: ModelCache;

function write(...keys: string[]): void {
  truth.write({ at: truth.count, writer, kind: 'key', published: keys[0]! }, keys);
}

function held(): Record<string, number> {
  return Object.fromEntries(cache.entries());
}

beforeEach(() => {
  truth = new Truth();
  cache = new ModelCache(truth);
  cache.open();
});

describe('ModelCache', () => {
  it('holds nothing before it is open, nor after it is closed', () => {
    const other = new ModelCache(truth);
    other.read('a');
    other.startLoad('a')();
    expect(other.size).toBe(0);
    cache.read('a');
    cache.close();
    cache.read('a');
    expect(cache.size).toBe(0);
  });

  it('keeps what it has read until it is told', () => {
    write('a');
    cache.read('a');
    write('a');
    cache.read('a');
    expect(held()).toEqual({ a: 1 });
    cache.drop('a');
    cache.read('a');
    expect(held()).toEqual({ a: 2 });
  });

  it('drops what a pattern matches, what buckets cover, or everything', () => {
    for (const key of ['g1:a', 'g1:b', 'g2:a']) cache.read(key);
    cache.dropMatching('g1:*');
    expect(Object.keys(held())).toEqual(['g2:a']);
    cache.read('g1:a');
    const buckets = new BucketSet();
    buckets.add(bucketOf('g2:a'));
    cache.dropBuckets(buckets);
    expect(Object.keys(held())).toEqual(['g1:a']);
    cache.dropBuckets('all');
    expect(held()).toEqual({});
  });

  it.each([
    ['a key', () => cache.drop('g1:a')],
    ['a pattern', () => cache.dropMatching('g1:*')],
    ['a resync', () => cache.dropBuckets('all')],
    ['becoming ready', () => cache.open()],
  ])('does not keep what was loading while it heard of %s', (_what, hear) => {
    const [raced, undisturbed] = [cache.startLoad('g1:a'), cache.startLoad('zz')];
    write('g1:a');
    hear();
    raced();
    expect(held()).toEqual({});
    const later = cache.startLoad('g1:a');
    later();
    expect(held()).toEqual({ 'g1:a': 1 });
    expect(undisturbed).toBeInstanceOf(Function);
  });

  it('keeps what was loading while nothing was said, however old it is by then', () => {
    const load = cache.startLoad('a');
    write('a');
    load();
    expect(held()).toEqual({ a: 0 });
  });
});

describe('Truth', () => {
  it('counts the writes of each key, and tells which a version has missed', () => {
    write('a');
    write('a', 'b');
    write('b');
    expect([truth.version('a'), truth.version('b'), truth.version('c'), truth.count]).toEqual([2, 2, 0, 3]);
    expect(truth.writesSince('b', 1).map(({ at }) => at)).toEqual([2]);
    expect(truth.writesSince('c', 0)).toEqual([]);
    expect(truth.all().map(({ at }) => at)).toEqual([0, 1, 2]);
  });
});
