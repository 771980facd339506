import { describe, expect, it } from '@jest/globals';

import { limits } from '../../support/limits.js';
import { bare, BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const OTHER = '10.0.0.3:7946';
/** So many full datagrams take the half of a usual buffer. */
const HALF = 46;

/** Keys of which each fills a datagram. */
function longKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${'x'.repeat(1000)}${index}`);
}

/** A node that has members and has begun to send `count` full datagrams. */
function burst(count: number, ...endpoints: readonly string[]): { bench: NodeBench; peers: BenchPeer[] } {
  const bench = NodeBench.ready({ limits: limits({ sendsInFlight: 1000 }) });
  const peers = endpoints.map((endpoint) => BenchPeer.met(bench, endpoint));
  bench.advance(1000);
  bench.forget();
  bench.publish(...longKeys(count));
  bench.advance(0);
  return { bench, peers };
}

function ack(peer: BenchPeer | undefined, highest: number, contiguous = highest): void {
  peer!.say(peer!.ack(peer!.given(), { contiguous, highest, windowBytes: 106_496 }));
}

describe('Sender, held back by its receivers', () => {
  it('sends half a buffer, and goes on as they read', () => {
    const { bench, peers } = burst(60, PEER, OTHER);
    expect(bench.of('batch')).toHaveLength(HALF);
    ack(peers[0], 10);
    expect(bench.of('batch')).toHaveLength(HALF);
    ack(peers[1], 5);
    expect(bench.of('batch')).toHaveLength(HALF + 5);
    peers[1]!.say(peers[1]!.ack(1n, { contiguous: 20, highest: 20, windowBytes: 106_496 }));
    expect(bench.of('batch')).toHaveLength(HALF + 5);
    for (const peer of peers) ack(peer, 40);
    expect(bench.of('batch')).toHaveLength(60);
  });

  it('sends all at once when nobody is there', () => {
    expect(burst(200).bench.of('batch')).toHaveLength(200);
  });

  it('does not wait for one that has gone', () => {
    const { bench, peers } = burst(60, PEER);
    peers[0]!.say(peers[0]!.leave(peers[0]!.given()));
    expect(bench.of('batch')).toHaveLength(60);
  });

  it('waits 200 ms for one that does not read, and tells of no flush before', () => {
    const { bench } = burst(60, PEER);
    const flushes = bench.eventsOf('flushed').length;
    bench.advance(199);
    expect([bench.of('batch').length, bench.eventsOf('flushed').length]).toEqual([HALF, flushes]);
    bench.advance(1);
    expect([bench.of('batch').length, bench.eventsOf('flushed').length]).toEqual([60, flushes + 1]);
  });

  it('gives frames out all the same', () => {
    const { bench, peers } = burst(60, PEER);
    peers[0]!.say(peers[0]!.ping(peers[0]!.given(), bench.id));
    expect(bench.of('pong', PEER)).toHaveLength(1);
  });

  it('waits for nothing when what was held back is withdrawn', () => {
    const { bench } = burst(HALF, PEER);
    const held = bench.input(() => bench.node.publish(bench.now, [bare('held')]))!;
    bench.advance(1);
    bench.input(() => bench.node.withdraw(held));
    expect([bench.of('batch').length, bench.node.stats().pendingKeys]).toEqual([HALF, 0]);
    bench.now += 1000;
    // All that is due by now, and that is not much.
    for (let wake = 0; wake < 10; wake++) bench.input(() => bench.node.handleTimeout(bench.now));
    expect(bench.node.pollTimeout()).toBeGreaterThan(bench.now);
  });
});
