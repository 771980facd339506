import { describe, expect, it } from '@jest/globals';

import type { BucketsPacket } from '../../../lib/wire/packet.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

function statuses(bench: NodeBench): string[] {
  return bench.eventsOf('status').map(({ status }) => status);
}

function isNamed(packet: BucketsPacket | undefined, key: string): boolean {
  return packet !== undefined && (packet.buckets === 'all' || packet.buckets.matches(key));
}

function leave(bench: NodeBench): void {
  bench.input(() => bench.node.leave(bench.now));
}

describe('Leaving', () => {
  it('says goodbye three times where nobody answers, and is gone after half a second', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.publish('a');
    bench.advance(100);
    const start = bench.now;
    leave(bench);
    bench.advance(499);
    expect(bench.of('leave', PEER).map(({ at }) => at - start)).toEqual([0, 10, 30]);
    expect(bench.of('leave', PEER)[0]?.packet).toMatchObject({ nonce: peer.nonce, highest: 1 });
    expect(statuses(bench)).toEqual([]);
    bench.advance(1);
    expect(statuses(bench)).toEqual(['left']);
  });

  it('is gone when all have acknowledged everything that it said', () => {
    const bench = NodeBench.ready();
    const peers = [2, 3].map((host) => BenchPeer.met(bench, `10.0.0.${host}:7946`));
    bench.publish('a');
    bench.advance(1000);
    leave(bench);
    peers[0]!.say(peers[0]!.ack(peers[0]!.given(), { contiguous: 1, highest: 1 }));
    peers[1]!.say(peers[1]!.ack(peers[1]!.given(), { contiguous: 0, highest: 1 }));
    bench.advance(20);
    expect([bench.of('leave', PEER).length, bench.of('leave', '10.0.0.3:7946').length]).toEqual([1, 2]);
    expect(statuses(bench)).toEqual([]);
    peers[1]!.say(peers[1]!.ack(1n, { contiguous: 1, highest: 1 }));
    expect(statuses(bench)).toEqual([]);
    peers[1]!.say(peers[1]!.ack(peers[1]!.given(), { contiguous: 1, highest: 1 }));
    expect(statuses(bench)).toEqual(['left']);
    expect(bench.node.pollTimeout()).toBe(Infinity);
  });

  it('repeats what is missed of it while it goes', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.publish('a');
    bench.advance(1000);
    leave(bench);
    bench.forget();
    bench.advance(400);
    peer.say(peer.nack(peer.given(), bench.id, [{ from: 1, count: 1 }]));
    expect(bench.of('repair', PEER).map(({ packet }) => packet.event.trailer.sequence)).toEqual([1]);
    peer.say(peer.resyncRequest(peer.given(), 1, 9));
    expect(bench.of('resync', PEER)[0]?.packet).toMatchObject({ requestId: 9, from: 1, upTo: 1 });
  });

  it('has nobody to wait for when they go too', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    leave(bench);
    peer.say(peer.leave(peer.given()));
    bench.advance(10);
    expect(statuses(bench)).toEqual(['left']);
  });

  it('acknowledges each goodbye of a member, how far it has come with it', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.batch(['a'], 1));
    for (let time = 0; time < 3; time++) peer.say(peer.leave(peer.given(), 3));
    expect(bench.of('ack', PEER).map(({ packet }) => packet)).toMatchObject(
      new Array(3).fill({ nonce: peer.nonce, contiguous: 1, highest: 3 }),
    );
    for (const sequence of [2, 3]) peer.say(peer.batch([`${sequence}`], sequence));
    peer.say(peer.leave(peer.given(), 3));
    expect(bench.of('ack', PEER).at(-1)?.packet).toMatchObject({ contiguous: 3 });
    peer.say(peer.leave(1n, 3));
    expect(bench.of('ack', PEER)).toHaveLength(4);
  });

  it('waits for what was published to be with the kernel', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    bench.kernel = 'silent';
    bench.publish('a', 'b');
    leave(bench);
    bench.advance(100);
    expect(bench.of('batch')).toHaveLength(1);
    expect(bench.of('leave')).toEqual([]);
    while (bench.confirm()) continue;
    expect(bench.of('leave')).toHaveLength(1);
  });

  it('waits for the kernel to have its goodbyes', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.kernel = 'silent';
    leave(bench);
    peer.say(peer.ack(peer.given()));
    bench.advance(100);
    expect([bench.of('leave').length, statuses(bench)]).toEqual([1, []]);
    while (bench.confirm()) continue;
    expect(statuses(bench)).toEqual(['left']);
  });

  it('gives up waiting for a kernel that takes nothing', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    bench.kernel = 'silent';
    bench.publish('a');
    leave(bench);
    bench.advance(500);
    expect(bench.of('leave')).toHaveLength(1);
    bench.advance(499);
    expect([bench.of('leave').length, statuses(bench)]).toEqual([3, []]);
    bench.advance(1);
    expect(statuses(bench)).toEqual(['left']);
  });

  it('names what it has no time to send, before it says goodbye, and calls no data sent', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const data = Buffer.alloc(900, 0x31);
    const keys = Array.from({ length: 2000 }, (_, index) => `key:${index}`);
    const events = keys.map((key) => ({ kind: 'key', key, data, metadata: undefined }) as const);
    bench.kernel = 'silent';
    const publication = bench.input(() => bench.node.publish(bench.now, events));
    bench.publish('bare');
    leave(bench);
    bench.advance(1500);
    const heard = new Set(bench.of('batch').flatMap(({ packet }) => packet.keys));
    const [last, ...further] = bench.of('buckets').map(({ packet }) => packet);
    expect(heard.size).toBeLessThan(2000);
    expect(further).toEqual([]);
    expect(['bare', ...keys].filter((key) => !heard.has(key) && !isNamed(last, key))).toEqual([]);
    expect(bench.of('leave', PEER).map(({ packet }) => packet.highest)).toEqual(Array(3).fill(last?.trailer.sequence));
    expect(bench.eventsOf('flushed').filter(({ ticket }) => ticket >= publication!.ticket)).toEqual([]);
    expect([statuses(bench).at(-1), peer.isPeer]).toEqual(['left', true]);
  });

  it('learns from a repeated goodbye what a first one did not know', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.leave(peer.given(), 0));
    bench.forget();
    peer.say(peer.leave(peer.given(), 2));
    bench.advance(20);
    expect(bench.of('nack', PEER)[0]?.packet.ranges).toEqual([{ from: 1, count: 2 }]);
  });

  it.each([true, false])('is over at once when nobody is there (with a group: %s)', (multicast) => {
    const bench = NodeBench.ready({ multicast });
    bench.publish('a', 'b');
    leave(bench);
    bench.advance(0);
    expect(statuses(bench)).toEqual(['left']);
    expect(bench.of('leave')).toEqual([]);
    expect(bench.eventsOf('flushed').length).toBeGreaterThan(0);
  });

  it('is possible before the node has joined, and while it does', () => {
    const fresh = new NodeBench();
    leave(fresh);
    expect(statuses(fresh)).toEqual(['left']);
    const joining = new NodeBench({ hasSeeds: true });
    joining.input(() => joining.node.join(joining.now));
    joining.publish('early');
    leave(joining);
    joining.advance(0);
    expect(statuses(joining)).toEqual(['joining', 'left']);
    expect(joining.of('batch')).toHaveLength(1);
  });

  it('happens once', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    leave(bench);
    bench.advance(5);
    leave(bench);
    bench.advance(1000);
    leave(bench);
    bench.advance(1000);
    expect(bench.of('leave')).toHaveLength(3);
    expect(statuses(bench)).toEqual(['left']);
  });

  it('says nothing of isolation while it goes', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.advance(21_000);
    expect(statuses(bench)).toEqual(['isolated']);
    bench.kernel = 'silent';
    leave(bench);
    peer.say(peer.heartbeat());
    bench.advance(10_000);
    expect(statuses(bench)).toEqual(['isolated', 'left']);
  });

  it('meets nobody any more, and still hears its members', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.kernel = 'silent';
    leave(bench);
    bench.forget();
    const late = new BenchPeer(bench, '10.0.0.3:7946');
    late.greet();
    late.say(late.hello({ toGroup: true }), true);
    late.say(late.heartbeat());
    peer.greet();
    bench.input(() => bench.node.handleSeeds(bench.now, ['10.0.0.4:7946']));
    peer.say(peer.batch(['last words']));
    bench.advance(20);
    expect(bench.of('hello').length + bench.of('hello-ack').length).toBe(0);
    expect(bench.keys()).toEqual(['last words']);
  });
});
