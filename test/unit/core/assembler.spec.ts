import { describe, expect, it } from '@jest/globals';
import { bucketOf } from '../../../lib/primitives/bucket-set.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { ALL_BYTES } from '../../../lib/reliability/assembly-table.js';
import { FRAGMENT_BYTES } from '../../../lib/wire/fragment-codec.js';
import { bytesInUse } from '../../support/bytes-in-use.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const SECOND = 1000;

function bytesOf(length: number, fill: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + fill) & 0xff));
}

/** What was handed up: key, data, sequence. */
function heard(bench: NodeBench): (readonly [string, Buffer | undefined, number])[] {
  return bench
    .eventsOf('keys')
    .map(({ keys, attachments, sequence }) => [keys[0]!, attachments?.get(0)?.data, sequence]);
}

/** The resyncs that were raised, and whether they cover the key and are of it alone. */
function resyncs(bench: NodeBench, key: string): string[] {
  return bench.eventsOf('resync').map(({ reason, buckets }) => {
    const isIts = buckets !== 'all' && buckets.size === 1 && buckets.has(bucketOf(key));
    return isIts ? reason : `${reason} of others`;
  });
}

describe('Assembler', () => {
  it('hands up once what is whole, with the sequence of its key, in whatever order it comes', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const bench = NodeBench.ready();
      const peer = BenchPeer.met(bench, PEER);
      const [one, other] = [bytesOf(5 * FRAGMENT_BYTES, 1), bytesOf(2 * FRAGMENT_BYTES + 1, 2)];
      const datagrams = [...peer.long('one', one), ...peer.long('other', other), peer.batch(['bare'])];
      const random = new SeededRandom(seed);
      const shuffled = [...datagrams, ...datagrams].sort(() => (random.u32() & 1) - 0.5);
      for (const datagram of shuffled) peer.say(datagram);
      const told = heard(bench).sort(([, , first], [, , second]) => first - second);
      expect(told).toEqual([
        ['one', one, 6],
        ['other', other, 10],
        ['bare', undefined, 11],
      ]);
      expect(bench.node.stats().counters).toMatchObject({ delivered: 3, duplicates: 11 });
      bench.advance(60 * SECOND);
      expect([bench.dropped(), bench.eventsOf('resync')]).toEqual([{}, []]);
    }
  });

  it('repairs what is missing of it, as of anything else', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const data = bytesOf(64 * 1024, 3);
    const datagrams = peer.long('long', data);
    for (const [index, datagram] of datagrams.entries()) if (index % 3 !== 0) peer.say(datagram);
    bench.advance(20);
    expect(heard(bench)).toEqual([]);
    for (let round = 0; round < 10; round++) {
      const asked = bench.of('nack', PEER).flatMap(({ packet }) => packet.ranges);
      bench.forget();
      for (const { from, count } of asked) {
        for (let at = from; at < from + count; at++) peer.say(peer.repair(peer.given(), datagrams[at - 1]!));
      }
      if (heard(bench).length > 0) break;
      bench.advance(10);
    }
    expect(heard(bench)).toEqual([['long', data, datagrams.length]]);
  });

  it('tells the key’s bucket once when the rest does not come', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    // All that is known of the peer has come: nothing is missing, and there is no gap to tell of.
    for (const datagram of peer.long('long', bytesOf(5000, 1)).slice(0, 3)) peer.say(datagram);
    bench.advance(9 * SECOND);
    expect(resyncs(bench, 'long')).toEqual([]);
    bench.advance(5 * SECOND);
    expect(resyncs(bench, 'long')).toEqual(['gap']);
    expect(bench.dropped()).toMatchObject({ 'assembly-timeout': 1 });
  });

  it('says so of a peer that has died meanwhile, or said goodbye', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    for (const datagram of peer.long('long', bytesOf(5000, 1)).slice(0, 3)) peer.say(datagram);
    peer.say(peer.leave(peer.given(), 3));
    bench.advance(11 * SECOND);
    expect(resyncs(bench, 'long')).toEqual(['peer-lost']);
  });

  it('says nothing twice: a resync that covers it stands for it', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    for (const datagram of peer.long('long', bytesOf(5000, 1)).slice(0, 3)) peer.say(datagram);
    peer.say(peer.buckets('all', 4));
    bench.advance(11 * SECOND);
    expect(bench.eventsOf('resync').map(({ reason }) => reason)).toEqual(['overload']);
    expect(bench.dropped()).toMatchObject({ 'assembly-timeout': 1 });
  });

  it('tells at once what a node lacks that met its origin in the middle of it', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    const datagrams = peer.long('long', bytesOf(5000, 1));
    const joining = new NodeBench({ startTimeoutMs: 60_000 });
    const met = new BenchPeer(joining, PEER, peer.sender);
    joining.input(() => joining.node.join(joining.now));
    met.greet({ highest: 2 });
    met.confirm({ highest: 2 });
    joining.forget();
    for (const datagram of datagrams.slice(2)) met.say(datagram);
    expect(heard(joining)).toEqual([]);
    expect(resyncs(joining, 'long')).toEqual(['join']);
    expect(joining.dropped()).toMatchObject({ 'assembly-join': 1 });
    joining.advance(20 * SECOND);
    expect(resyncs(joining, 'long').filter((reason) => reason !== 'peer-lost of others')).toEqual(['join']);
  });

  it('believes neither of two that contradict each other, and tells of both', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const [first] = peer.long('long', Buffer.alloc(5000), 1);
    peer.say(first!);
    const bytes = Buffer.alloc(FRAGMENT_BYTES);
    peer.say(peer.fragment({ bucket: bucketOf('other'), totalBytes: 5000, index: 1, bytes }, 2));
    const told = bench
      .eventsOf('resync')
      .map(({ buckets }) => buckets !== 'all' && [buckets.matches('long'), buckets.matches('other')]);
    expect(told).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(bench.dropped()).toMatchObject({ 'assembly-conflict': 1 });
    // What comes of it later is told of too.
    peer.say(peer.keyOfLong('long', 5000, 6));
    bench.advance(4 * SECOND);
    expect(heard(bench)).toEqual([]);
  });

  it('keeps no more than it may of 100 peers that begin and never end, and tells of all that it drops', () => {
    const bench = NodeBench.ready();
    const peers = Array.from({ length: 100 }, (_, index) => BenchPeer.met(bench, `10.0.1.${index}:7946`));
    bench.forget();
    const before = bytesInUse();
    let begun = 0;
    for (let round = 0; round < 50; round++) {
      for (const peer of peers) {
        peer.say(peer.fragment({ bucket: round, totalBytes: 64 * 1024, bytes: Buffer.alloc(FRAGMENT_BYTES) }));
        begun++;
      }
    }
    const told = bench.eventsOf('resync');
    bench.forget();
    // 330 MB would be kept of these; the other MiB are what can be repeated to others.
    expect(bytesInUse() - before).toBeLessThan(ALL_BYTES + 6 * 1024 * 1024);
    const dropped = bench.dropped()['assembly-limit']!;
    expect(dropped).toBeGreaterThan(begun - 256);
    for (let round = 0; round < 47; round++) {
      expect([round, told.some(({ buckets }) => buckets !== 'all' && buckets.has(round))]).toEqual([round, true]);
    }
    bench.advance(120 * SECOND);
    const { 'assembly-limit': byLimit = 0, 'assembly-timeout': inTime = 0 } = bench.dropped();
    expect(byLimit + inTime).toBe(begun);
  });

  it('raises nothing for a question, which no cache holds', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.fragment({ bucket: undefined, totalBytes: 5000, bytes: Buffer.alloc(FRAGMENT_BYTES) }));
    bench.advance(11 * SECOND);
    expect(bench.dropped()).toMatchObject({ 'assembly-timeout': 1 });
    expect(bench.eventsOf('resync')).toEqual([]);
  });
});
