import { describe, expect, it } from '@jest/globals';

import { WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { limits } from '../../support/limits.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

describe('Receiver', () => {
  it('hands up what a member says, each datagram once', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const batch = peer.batch(['a', 'b']);
    peer.say(batch);
    peer.say(batch, true);
    expect(bench.eventsOf('keys').map(({ keys, sequence, origin }) => [keys, sequence, origin.id])).toEqual([
      [['a', 'b'], 1, peer.sender],
    ]);
    expect(bench.node.stats().counters).toMatchObject({ delivered: 2, duplicates: 1 });
  });

  it('hands nothing up before the sender has proved its address, and asks it to', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.say(peer.batch(['early']));
    bench.advance(1);
    expect(bench.keys()).toEqual([]);
    expect(bench.of('hello', PEER)).toHaveLength(1);
    expect(bench.dropped().unverified).toBe(1);
  });

  it('hears one that has proved its address, even if it has yet to see that proved to it', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ verified: false });
    peer.say(peer.batch(['soon']));
    expect(bench.keys()).toEqual(['soon']);
  });

  it('asks a member whose sequence is far ahead, and goes on where it says it stands', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.forget();
    const far = WINDOW_SIZE + 100;
    peer.say(peer.batch(['lost'], far));
    peer.say(peer.batch(['lost'], far + 1));
    expect(bench.keys()).toEqual([]);
    expect(bench.dropped()['beyond-window']).toBe(2);
    const [question] = bench.of('nack', PEER);
    expect(question?.packet).toMatchObject({ about: peer.sender, ranges: [], nonce: peer.nonce });
    const { token } = question!.packet;
    peer.say(peer.beacon(peer.given(), peer.sender, { token, highest: far + 1, floor: far - 100 }));
    peer.say(peer.batch(['heard'], far + 2));
    peer.say(peer.batch(['late'], far - 5));
    expect(bench.keys()).toEqual(['heard', 'late']);
  });

  it('takes no other’s word for where a member stands', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const other = BenchPeer.met(bench, '10.0.0.3:7946');
    other.say(other.pong(other.given(), peer.sender, 0, 2 ** 47));
    peer.say(peer.batch(['still heard']));
    expect(bench.keys()).toEqual(['still heard']);
  });

  it('hands up once what a goodbye has overtaken, and nothing that was never sent', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.batch(['first'], 1));
    peer.say(peer.leave(peer.given(), 3));
    for (const sequence of [1, 2, 2, 3, 4]) peer.say(peer.batch([`number ${sequence}`], sequence));
    expect(bench.keys()).toEqual(['first', 'number 2', 'number 3']);
    expect(bench.eventsOf('keys').at(-1)?.origin).toMatchObject({ id: peer.sender, state: 'left' });
    expect(bench.dropped().unverified).toBe(1);
  });

  it('goes on where a member stood that was given up and comes back', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.batch(['one'], 1));
    bench.advance(60_000);
    expect(peer.isPeer).toBe(false);
    const again = new BenchPeer(bench, PEER, peer.sender);
    again.say(again.heartbeat());
    bench.advance(1);
    again.confirm({ highest: 3 });
    expect(again.isPeer).toBe(true);
    for (const sequence of [1, 3, 4]) again.say(again.batch([`number ${sequence}`], sequence));
    expect(bench.keys()).toEqual(['one', 'number 3', 'number 4']);
  });

  it('keeps what it hears to repeat it to others, unless that would not fit', () => {
    const bench = NodeBench.ready();
    const [peer, other] = [BenchPeer.met(bench, PEER), BenchPeer.met(bench, '10.0.0.3:7946')];
    const longest = ['x'.repeat(1101)];
    // By a TLV of no bytes that nobody knows.
    const longer = Buffer.concat([peer.batch(longest, 3), Buffer.from([0x7f, 0, 0])]);
    const all = [peer.batch(['a'], 1), peer.batch(longest, 2), longer];
    expect(all.map(({ length }) => length)).toEqual([43, 1143, 1146]);
    for (const bytes of all) peer.say(bytes);
    expect(bench.keys()).toHaveLength(3);
    other.say(other.nack(other.given(), peer.sender, [{ from: 1, count: 3 }]));
    expect(bench.of('repair').map(({ packet }) => packet.event.trailer.sequence)).toEqual([1, 2]);
  });

  it('hears nobody’s word to everyone about another', () => {
    const bench = NodeBench.ready();
    const [peer, other] = [BenchPeer.met(bench, PEER), BenchPeer.met(bench, '10.0.0.3:7946')];
    other.say(other.beacon(0n, peer.sender, { highest: 9 }), true);
    const stranger = new BenchPeer(bench, '10.0.0.4:7946');
    stranger.say(stranger.beacon(0n, stranger.sender, { highest: 9 }), true);
    bench.advance(1000);
    expect(bench.of('nack')).toEqual([]);
    expect(bench.dropped()).toEqual({ 'wrong-nonce': 1, unverified: 1 });
  });

  it('hears no other cluster, and v1 in any', () => {
    const bench = NodeBench.ready({ cluster: 'shop' });
    const v1 = new BenchPeer(bench, PEER);
    const foreign = new BenchPeer(bench, '10.0.0.3:7946');
    foreign.say(foreign.batch(['of default']));
    foreign.say(foreign.heartbeat());
    v1.say(v1.v1Batch(['of v1']));
    v1.say(v1.v1Invalidate('one of v1'));
    expect(bench.keys()).toEqual(['of v1', 'one of v1']);
    expect(bench.dropped()['other-cluster']).toBe(2);
  });

  it('finds a v1 node at the address that it gives, if the seeds name that one, and else where it was heard', () => {
    const bench = NodeBench.ready({ multicast: false });
    bench.input(() => bench.node.handleSeeds(bench.now, ['10.0.0.7:7946']));
    const [named, unnamed] = [new BenchPeer(bench, PEER), new BenchPeer(bench, '10.0.0.3:7946')];
    named.say(named.v1Heartbeat('10.0.0.7:7946'));
    unnamed.say(unnamed.v1Heartbeat('10.0.0.8:7946'));
    expect(bench.node.peers().map(({ endpoint }) => endpoint)).toEqual(['10.0.0.7:7946', '10.0.0.3:7946']);
    bench.publish('a');
    bench.advance(0);
    expect(bench.of('batch').map(({ to }) => to)).toEqual([['10.0.0.7:7946']]);
  });

  it('ignores empty keys of v1, and datagrams that hold nothing', () => {
    const bench = NodeBench.ready();
    const v1 = new BenchPeer(bench, PEER);
    v1.say(v1.v1Batch(['', 'a', '']));
    v1.say(v1.v1Invalidate(''));
    v1.say(v1.v1Batch([]));
    expect(bench.eventsOf('keys').map(({ keys }) => keys)).toEqual([['a']]);
  });

  it('lets nobody speak in v1’s way for a node that it has seen speak in ours', () => {
    const bench = NodeBench.ready();
    const member = BenchPeer.met(bench, PEER);
    const stranger = new BenchPeer(bench, '10.0.0.3:7946');
    stranger.say(stranger.heartbeat());
    for (const one of [member, stranger]) {
      one.say(one.v1Batch(['x']));
      one.say(one.v1Invalidate('x'));
      one.say(one.v1Heartbeat());
    }
    expect(bench.keys()).toEqual([]);
    expect(bench.dropped().downgrade).toBe(6);
  });

  it('has one peer for one id, whatever was forged in its name before it was met', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    bench.receive('10.66.6.6:1', peer.v1Heartbeat());
    expect(bench.node.peers().map(({ legacy }) => legacy)).toEqual([true]);
    peer.greet();
    peer.confirm();
    expect(bench.node.peers().map(({ legacy, endpoint }) => [legacy, endpoint])).toEqual([[false, PEER]]);
  });

  it('still hears v1 when its table of v1 nodes is full', () => {
    const bench = NodeBench.ready({ limits: limits({ unverifiedPeers: 3 }) });
    for (let host = 0; host < 10; host++) {
      const v1 = new BenchPeer(bench, `10.0.2.${host}:7946`);
      v1.say(v1.v1Batch([`k${host}`]));
    }
    expect(bench.keys()).toHaveLength(10);
    expect(bench.node.peers()).toHaveLength(3);
    expect(bench.dropped()['unverified-limit']).toBe(7);
  });

  it('counts by reason what it can not use, and never throws', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    const unknown = peer.ping(peer.given(), peer.sender);
    unknown[1] = 0x7f;
    const version = peer.leave(peer.given());
    version[18] = 3;
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('W'),
      Buffer.from('no'),
      peer.leave(1n).subarray(0, 30),
      unknown,
      version,
    ]) {
      peer.say(bytes);
    }
    expect(bench.dropped()).toEqual({
      'too-short': 3,
      'wrong-magic': 1,
      'unknown-type': 1,
      'unsupported-version': 1,
    });
    expect(peer.isPeer).toBe(true);
  });
});
