import { describe, expect, it } from '@jest/globals';
import { BUCKET_COUNT, BucketSet } from '../../../lib/primitives/bucket-set.js';
import { clusterTagOf } from '../../../lib/wire/cluster-tag.js';
import { decodePacket } from '../../../lib/wire/decode-packet.js';
import { type BucketsPacket, MAX_DATAGRAM_BYTES, MAX_EVENT_DATAGRAM_BYTES } from '../../../lib/wire/packet.js';
import type { ResyncPacket } from '../../../lib/wire/repair-packet.js';
import { encodeBuckets, encodeResync } from '../../../lib/wire/resync-codec.js';
import { nodeIdOf } from '../../wire/vectors.js';

const sender = nodeIdOf('00112233445546778899aabbccddeeff');
const resync: ResyncPacket = {
  kind: 'resync',
  sender,
  clusterTag: 7,
  nonce: 8n,
  requestId: 9,
  from: 10,
  upTo: 11,
  buckets: 'all',
};
const buckets: BucketsPacket = {
  kind: 'buckets',
  sender,
  buckets: 'all',
  trailer: { sequence: 1, floor: 2, sentAtMs: 3, clusterTag: clusterTagOf('shop') },
};

function setOf(...members: readonly number[]): BucketSet {
  const set = new BucketSet();
  for (const bucket of members) set.add(bucket);
  return set;
}

function written(packet: ResyncPacket | BucketsPacket): Buffer {
  const into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  const length = packet.kind === 'resync' ? encodeResync(into, packet) : encodeBuckets(into, packet);
  return into.subarray(0, length);
}

/** Each way that a set of buckets travels. */
const WAYS = [resync, buckets] as const;

describe.each(WAYS)('the buckets of a datagram of $kind', (packet) => {
  it('come back, each by itself', () => {
    const differing: number[] = [];
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const decoded = decodePacket(written({ ...packet, buckets: setOf(bucket) }));
      const read = 'buckets' in decoded && decoded.buckets !== 'all' ? decoded.buckets : new BucketSet();
      if (!read.has(bucket) || read.size !== 1) differing.push(bucket);
    }
    expect(differing).toEqual([]);
  });

  it('come back when they are all, without being listed', () => {
    expect(decodePacket(written(packet))).toEqual(packet);
    expect(written({ ...packet, buckets: setOf(1) }).length - written(packet).length).toBe(512);
  });

  it('are a copy', () => {
    const bytes = written({ ...packet, buckets: setOf(1) });
    const decoded = decodePacket(bytes);
    bytes.fill(0xff);
    expect(decoded).toEqual({ ...packet, buckets: setOf(1) });
  });

  it('leave the set alone that they are written from', () => {
    const set = setOf(5);
    written({ ...packet, buckets: set }).fill(0xff);
    expect(set).toEqual(setOf(5));
  });
});

describe('encodeBuckets', () => {
  it('leaves room for a repair', () => {
    expect(written({ ...buckets, buckets: setOf(1) })).toHaveLength(558);
    expect(558).toBeLessThanOrEqual(MAX_EVENT_DATAGRAM_BYTES);
  });
});
