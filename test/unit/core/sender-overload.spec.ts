import { describe, expect, it } from '@jest/globals';

import type { OutgoingEvent } from '../../../lib/delivery/pending-event.js';
import { BucketSet } from '../../../lib/primitives/bucket-set.js';
import { limits } from '../../support/limits.js';
import { bare, BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const CAPACITY = 50;
const DATA = Buffer.from('1');

/** A node that has a member, and a kernel that takes nothing more: what is published waits. */
function stuffed(): { bench: NodeBench; peer: BenchPeer } {
  const bench = NodeBench.ready({ limits: limits({ pendingKeys: CAPACITY, sendsInFlight: 1 }) });
  const peer = BenchPeer.met(bench, PEER);
  bench.advance(1000);
  bench.kernel = 'silent';
  bench.publish('first');
  bench.advance(0);
  bench.forget();
  return { bench, peer };
}

/** The kernel takes everything from now on. */
function release(bench: NodeBench): void {
  bench.kernel = 'prompt';
  while (bench.confirm()) continue;
  bench.advance(0);
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function publish(bench: NodeBench, ...events: readonly OutgoingEvent[]): boolean {
  return bench.input(() => bench.node.publish(bench.now, events)) !== undefined;
}

describe('Sender, with more to send than may wait', () => {
  it('sends one datagram with the buckets of all bare keys instead', () => {
    const { bench } = stuffed();
    const keys = [...names('a', CAPACITY), ...names('b', 3)];
    bench.publish(...keys.slice(0, CAPACITY));
    expect(bench.publish(...keys.slice(CAPACITY))).toBeDefined();
    expect(bench.node.stats()).toMatchObject({ pendingKeys: 1, counters: { coarsened: 53, published: 54 } });
    release(bench);
    expect(bench.of('batch')).toEqual([]);
    const [sent] = bench.of('buckets');
    const buckets = sent!.packet.buckets as BucketSet;
    expect([sent!.packet.trailer.sequence, sent!.toGroup, sent!.to]).toEqual([2, true, [PEER]]);
    expect(keys.every((key) => buckets.matches(key))).toBe(true);
    expect(buckets.size).toBeLessThanOrEqual(keys.length);
  });

  it('counts each event that it coarsened once', () => {
    const { bench } = stuffed();
    for (let round = 0; round < 4; round++) {
      bench.publish(...names(`${round}-`, CAPACITY - 1));
      bench.publish('one more', 'and another');
    }
    const { published, merged, coarsened } = bench.node.stats().counters;
    expect([published, merged, coarsened]).toEqual([1 + 4 * 51, 0, 4 * 51]);
  });

  it('means all keys when patterns are among them', () => {
    const { bench } = stuffed();
    bench.publish(...names('a', CAPACITY));
    expect(publish(bench, { ...bare('b*'), kind: 'matching' })).toBe(true);
    release(bench);
    expect(bench.of('buckets').map(({ packet }) => packet.buckets)).toEqual(['all']);
  });

  it('refuses data and metadata, and tells so by nothing else', () => {
    const { bench } = stuffed();
    bench.publish(...names('a', CAPACITY));
    expect(publish(bench, { ...bare('b'), data: DATA })).toBe(false);
    expect(publish(bench, bare('b'), { ...bare('c'), metadata: DATA })).toBe(false);
    expect(bench.node.stats()).toMatchObject({ pendingKeys: CAPACITY, counters: { published: 51, coarsened: 0 } });
    release(bench);
    expect(bench.of('batch').flatMap(({ packet }) => packet.keys)).toEqual(names('a', CAPACITY));
    expect(bench.of('buckets')).toEqual([]);
  });

  it('tells that a key is with the kernel when its buckets are', () => {
    const { bench } = stuffed();
    const { ticket } = bench.publish(...names('a', CAPACITY))!;
    const later = bench.publish('b')!.ticket;
    bench.confirm();
    bench.advance(0);
    const told = (): number => bench.eventsOf('flushed').at(-1)?.ticket ?? 0;
    expect([bench.of('buckets').length, told() < ticket]).toEqual([1, true]);
    bench.confirm();
    expect(told()).toBeGreaterThanOrEqual(Math.max(ticket, later));
  });

  it('repeats the buckets to those who missed them', () => {
    const { bench, peer } = stuffed();
    bench.publish(...names('a', CAPACITY), 'b');
    release(bench);
    const { buckets } = bench.of('buckets')[0]!.packet;
    bench.forget();
    peer.say(peer.nack(peer.given(), bench.id, [{ from: 2, count: 1 }]));
    expect(bench.of('repair', PEER)[0]?.packet.event).toMatchObject({ kind: 'buckets', buckets });
  });

  it('names the buckets to those whom it can not repeat them to', () => {
    const { bench, peer } = stuffed();
    bench.publish(...names('a', CAPACITY), 'b');
    release(bench);
    const { buckets } = bench.of('buckets')[0]!.packet;
    peer.say(peer.resyncRequest(peer.given(), 2));
    expect(bench.of('resync', PEER)[0]?.packet).toMatchObject({ from: 2, upTo: 2, buckets });
  });
});

describe('Receiver, of buckets', () => {
  it.each(['all', (() => new BucketSet(new Uint8Array(512).fill(3)))()] as const)(
    'raises a resync of them, once, and repeats them to others (%#)',
    (buckets) => {
      const bench = NodeBench.ready();
      const [peer, other] = [BenchPeer.met(bench, PEER), BenchPeer.met(bench, '10.0.0.3:7946')];
      const bytes = peer.buckets(buckets, 1);
      for (let time = 0; time < 3; time++) peer.say(bytes, true);
      expect(bench.eventsOf('resync')).toEqual([{ kind: 'resync', reason: 'overload', origin: peer.sender, buckets }]);
      expect(bench.node.stats().counters).toMatchObject({ resyncsRaised: 1, duplicates: 2, delivered: 0 });
      other.say(other.nack(other.given(), peer.sender, [{ from: 1, count: 1 }]));
      expect(bench.of('repair', '10.0.0.3:7946')[0]?.packet.event).toMatchObject({ kind: 'buckets', buckets });
    },
  );

  it('takes them from members only', () => {
    const bench = NodeBench.ready();
    const stranger = new BenchPeer(bench, PEER);
    stranger.say(stranger.buckets('all', 1));
    expect([bench.eventsOf('resync'), bench.dropped().unverified]).toEqual([[], 1]);
  });
});
