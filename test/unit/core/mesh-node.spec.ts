import { describe, expect, it } from '@jest/globals';

import { NEVER } from '../../../lib/primitives/instant.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

function statuses(bench: NodeBench): string[] {
  return bench.eventsOf('status').map(({ status }) => status);
}

describe('MeshNode', () => {
  it('wants nothing before it is told anything', () => {
    const bench = new NodeBench();
    expect([bench.node.pollTimeout(), bench.sent, bench.events]).toEqual([NEVER, [], []]);
    expect(bench.node.stats()).toMatchObject({ pendingKeys: 0, members: 0, unverified: 0, dropped: {} });
  });

  it('takes seeds before it joins, and joins with them', () => {
    const bench = new NodeBench({ hasSeeds: true, multicast: false });
    bench.input(() => bench.node.handleSeeds(bench.now, [PEER]));
    bench.input(() => bench.node.join(bench.now));
    bench.advance(0);
    const peer = new BenchPeer(bench, PEER);
    expect(bench.of('hello', PEER)).toHaveLength(1);
    peer.confirm();
    expect(peer.isPeer).toBe(true);
    expect(statuses(bench)).toEqual(['joining']);
    bench.advance(1);
    const { members } = bench.of('peers', PEER)[0]!.packet;
    peer.say(peer.heartbeat({ ...members, unheard: 'all' }));
    expect(statuses(bench)).toEqual(['joining']);
    peer.say(peer.peers(peer.given(), []));
    expect(statuses(bench)).toEqual(['joining', 'ready']);
  });

  it('keeps what is published before it is ready, and sends it then', () => {
    const bench = new NodeBench();
    bench.publish('a');
    bench.input(() => bench.node.join(bench.now));
    bench.publish('b', 'a');
    bench.advance(299);
    expect(bench.of('batch')).toEqual([]);
    bench.advance(1);
    expect(bench.of('batch').map(({ packet }) => packet.keys)).toEqual([['a', 'b']]);
    expect(bench.node.stats().counters).toMatchObject({ published: 3, merged: 1 });
  });

  it('is isolated when all have been silent for 4 heartbeats, and ready when one speaks', () => {
    const bench = NodeBench.ready();
    const peers = [2, 3].map((host) => BenchPeer.met(bench, `10.0.0.${host}:7946`));
    bench.advance(10_000);
    peers[0]!.say(peers[0]!.heartbeat());
    bench.advance(19_999);
    expect(statuses(bench)).toEqual([]);
    bench.advance(2);
    expect(statuses(bench)).toEqual(['isolated']);
    peers[0]!.say(peers[0]!.heartbeat());
    expect(statuses(bench)).toEqual(['isolated', 'ready']);
  });

  it('stays isolated when the last is given up, and is ready when anyone is met', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    bench.advance(60_000);
    expect([statuses(bench), bench.node.peers()]).toEqual([['isolated'], []]);
    BenchPeer.met(bench, '10.0.0.3:7946');
    expect(statuses(bench)).toEqual(['isolated', 'ready']);
  });

  it('is not isolated when the last that it knew has said goodbye', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.leave(peer.given()));
    bench.advance(60_000);
    expect(statuses(bench)).toEqual([]);
  });

  it('does not change what it reads, nor keep it', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    for (const bytes of [peer.batch(['a key']), peer.heartbeat(), peer.hello(), peer.v1Batch(['b'])]) {
      const before = Buffer.from(bytes);
      peer.say(bytes);
      expect(bytes).toEqual(before);
      bytes.fill(0);
    }
    expect(bench.keys()).toEqual(['a key']);
  });

  it('tells an address of its own that it did not know from a greeting that comes back', () => {
    const bench = NodeBench.ready({ multicast: false });
    bench.input(() => bench.node.handleSeeds(bench.now, [PEER]));
    bench.advance(0);
    const mirror = new BenchPeer(bench, PEER, bench.of('hello', PEER)[0]!.packet.sender);
    bench.receive(NodeBench.ADDRESS, mirror.hello({ nonce: 5n }));
    bench.receive('10.66.6.6:1', mirror.hello({ nonce: mirror.given() }));
    bench.receive(NodeBench.ADDRESS, mirror.hello({ nonce: mirror.given(), toGroup: true }));
    expect(bench.node.stats().unverified).toBe(1);
    bench.receive(NodeBench.ADDRESS, mirror.hello({ nonce: mirror.given() }));
    expect(bench.node.stats().unverified).toBe(0);
    bench.forget();
    bench.advance(60_000);
    expect(bench.sent).toEqual([]);
  });

  it('counts what comes and goes', () => {
    const bench = NodeBench.ready();
    const before = bench.node.stats().counters;
    const peer = new BenchPeer(bench, PEER);
    const bytes = peer.heartbeat();
    peer.say(bytes);
    bench.advance(1);
    const { counters, unverified } = bench.node.stats();
    expect(counters.datagramsReceived - before.datagramsReceived).toBe(1);
    expect(counters.bytesReceived - before.bytesReceived).toBe(bytes.length);
    expect(counters.datagramsSent - before.datagramsSent).toBe(1);
    expect(unverified).toBe(1);
  });
});
