import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ResyncCause } from '../../../lib/bus/mesh-resync.js';
import { ResyncMerger } from '../../../lib/bus/resync-merger.js';
import { BucketSet } from '../../../lib/primitives/bucket-set.js';
import { FakeClock } from '../../support/fake-clock.js';
import { nodeIdOf } from '../../wire/vectors.js';

const [PEER, OTHER] = ['00112233445546778899aabbccddeeff', 'ff112233445546778899aabbccddee00'].map(nodeIdOf);

function cause(bucket: number, origin = PEER): ResyncCause {
  const buckets = new BucketSet();
  buckets.add(bucket);
  return { reason: 'overload', origin, buckets };
}

describe('ResyncMerger', () => {
  let clock: FakeClock;
  let raised: ResyncCause[];
  let delayed: ResyncCause[];
  let merger: ResyncMerger;
  beforeEach(() => {
    clock = new FakeClock();
    raised = [];
    delayed = [];
    merger = new ResyncMerger({
      now: () => clock.now(),
      schedule: (delayMs, callback) => clock.schedule(clock.now() + delayMs, callback),
      raise: (one) => void raised.push(one),
      onDelay: (one) => void delayed.push(one),
    });
  });
  const storm = (from: number, count: number, origin = PEER): void => {
    for (let bucket = from; bucket < from + count; bucket++) merger.note(cause(bucket, origin));
  };
  const covered = (): boolean[] =>
    Array.from({ length: 100 }, (_, bucket) => raised.some(({ buckets }) => buckets === 'all' || buckets.has(bucket)));

  it('passes ten at once, and makes one of those that follow, which covers all of them', async () => {
    storm(0, 100);
    expect(raised).toHaveLength(10);
    expect(delayed).toHaveLength(90);
    await clock.advance(100);
    expect(raised).toHaveLength(11);
    expect(covered()).toEqual(Array.from({ length: 100 }, () => true));
  });

  it('passes ten a second from a storm that does not end', async () => {
    for (let round = 0; round < 100; round++) {
      storm(0, 10);
      await clock.advance(100);
    }
    expect(raised.length).toBeGreaterThan(100);
    expect(raised.length).toBeLessThanOrEqual(220);
  });

  it('makes nobody wait for another, nor those that are of nobody', () => {
    storm(0, 50);
    merger.note(cause(1, OTHER));
    merger.note({ reason: 'heal', origin: undefined, buckets: 'all' });
    expect(raised.slice(10).map(({ origin }) => origin)).toEqual([OTHER, undefined]);
  });

  it('is of all keys where one of them is', async () => {
    storm(0, 12);
    merger.note({ reason: 'gap', origin: PEER!, buckets: 'all' });
    storm(20, 2);
    await clock.advance(100);
    expect(raised.slice(10)).toEqual([{ reason: 'overload', origin: PEER, buckets: 'all' }]);
  });

  it('passes fifty at once of all peers together, and makes one of those behind that cover everything', async () => {
    for (let peer = 0; peer < 200; peer++) {
      const origin = nodeIdOf(peer.toString(16).padStart(32, '0'));
      merger.note({ reason: 'heal', origin, buckets: 'all' });
    }
    expect(raised).toHaveLength(50);
    await clock.advance(100);
    expect(raised.slice(50)).toEqual([{ reason: 'heal', origin: undefined, buckets: 'all' }]);
  });

  it('tells what waits when it is closed', () => {
    storm(0, 12);
    merger.flush();
    expect(raised).toHaveLength(11);
    expect(clock.pending).toBe(0);
  });
});
