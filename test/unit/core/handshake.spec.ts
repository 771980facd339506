import { describe, expect, it } from '@jest/globals';

import { limits } from '../../support/limits.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const OTHER = '10.0.0.3:7946';

describe('Handshake', () => {
  it('answers a greeting with a nonce of its own and the echo, and no more', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    expect(bench.sent).toHaveLength(1);
    expect(bench.of('hello-ack', PEER)[0]?.packet).toMatchObject({ echo: peer.nonce, verified: false });
    expect(bench.of('hello-ack', PEER)[0]?.packet.nonce).not.toBe(0n);
    expect([peer.isPeer, bench.events]).toEqual([false, []]);
    bench.advance(4000);
    expect(bench.of('hello', PEER)).toEqual([]);
  });

  it('takes a peer in when its nonce comes back, and tells it so', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ zone: 'eu', client: true });
    expect(peer.isPeer).toBe(true);
    expect(bench.of('hello-ack', PEER).at(-1)?.packet).toMatchObject({ echo: peer.nonce, verified: true });
    expect(bench.eventsOf('peer').map(({ peer: view }) => view)).toMatchObject([
      { id: peer.sender, endpoint: PEER, zone: 'eu', client: true, state: 'alive', legacy: false },
    ]);
  });

  it('does not count a peer that has not seen its own nonce come back', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ verified: false });
    expect([peer.isPeer, bench.node.stats().members, bench.eventsOf('peer')]).toEqual([false, 0, []]);
    expect(bench.of('hello-ack', PEER).at(-1)?.packet).toMatchObject({ echo: peer.nonce, verified: true });
    peer.confirm();
    expect(peer.isPeer).toBe(true);
  });

  it('is through after four messages, the last of which is not answered', () => {
    const bench = NodeBench.ready({ multicast: false });
    bench.input(() => bench.node.handleSeeds(bench.now, [PEER]));
    bench.advance(1);
    const peer = new BenchPeer(bench, PEER);
    const echo = bench.of('hello', PEER)[0]!.packet.nonce;
    bench.forget();
    peer.say(peer.hello({ kind: 'hello-ack', echo }));
    expect(bench.of('hello-ack', PEER).map(({ packet }) => packet.verified)).toEqual([true]);
    bench.forget();
    peer.say(peer.hello({ kind: 'hello-ack', echo, verified: true }));
    expect(peer.isPeer).toBe(true);
    expect(bench.of('hello-ack', PEER)).toEqual([]);
    bench.forget();
    bench.advance(1000);
    expect(bench.of('hello', PEER)).toEqual([]);
  });

  it('goes on with a half-open handshake until it is through', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ verified: false });
    bench.forget();
    for (let beat = 0; beat < 20; beat++) {
      bench.advance(10_000);
      peer.say(peer.heartbeat());
    }
    expect(bench.of('hello', PEER).length).toBeGreaterThan(20);
    expect(bench.of('hello', PEER)[0]?.packet).toMatchObject({ echo: peer.nonce, verified: true });
    peer.confirm();
    expect(peer.isPeer).toBe(true);
    bench.forget();
    bench.advance(10_000);
    expect(bench.of('hello', PEER)).toEqual([]);
  });

  it.each([0n, 1n, 0xffff_ffff_ffff_ffffn])('does not take %s for the echo of a nonce', (echo) => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ echo });
    expect(peer.isPeer).toBe(false);
  });

  it('takes a nonce for proof of the address that it was sent to, and of no other', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    const thief = new BenchPeer(bench, OTHER);
    thief.say(thief.hello({ kind: 'hello-ack', echo: peer.given(), verified: true }));
    expect(bench.node.peers().map(({ endpoint }) => endpoint)).toEqual([PEER]);
  });

  it('replaces whoever was known at the address', () => {
    const bench = NodeBench.ready();
    const old = BenchPeer.met(bench, PEER);
    const heir = BenchPeer.met(bench, PEER);
    expect([old.isPeer, heir.isPeer]).toEqual([false, true]);
    expect(bench.eventsOf('peer').map(({ peer }) => [peer.id, peer.state])).toEqual([
      [old.sender, 'alive'],
      [old.sender, 'dead'],
      [heir.sender, 'alive'],
    ]);
  });

  it.each([
    [0, 100],
    [99, 100],
    [65_535, 20_000],
  ])('brings an announced heartbeat of %s ms to %s ms', (announced, judgedBy) => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER, { heartbeatMs: announced });
    bench.advance(3 * judgedBy - 1);
    expect(bench.eventsOf('peer').map(({ peer: { state } }) => state)).toEqual(['alive']);
    bench.advance(2);
    expect(bench.eventsOf('peer').map(({ peer: { state } }) => state)).toEqual(['alive', 'suspect']);
    bench.advance(2 * judgedBy);
    expect(peer.isPeer).toBe(false);
  });

  it('refuses more peers than its limit, with one warning', () => {
    const bench = NodeBench.ready({ limits: limits({ peers: 2 }) });
    const peers = [2, 3, 4, 5].map((host) => BenchPeer.met(bench, `10.0.0.${host}:7946`));
    expect(peers.map(({ isPeer }) => isPeer)).toEqual([true, true, false, false]);
    expect(bench.eventsOf('warning')).toEqual([{ kind: 'warning', warning: { code: 'peers-limit', limit: 2 } }]);
    expect(bench.dropped()['peers-limit']).toBe(2);
  });

  it('gives up who lived at an address that another member proves', () => {
    const bench = NodeBench.ready();
    const old = BenchPeer.met(bench, OTHER);
    const peer = BenchPeer.met(bench, PEER);
    bench.forget();
    bench.receive(OTHER, peer.heartbeat());
    bench.advance(1);
    const [hello] = bench.of('hello', OTHER);
    bench.receive(OTHER, peer.hello({ kind: 'hello-ack', echo: hello!.packet.nonce, verified: true }));
    expect(bench.node.peers().map(({ id, endpoint }) => [id, endpoint])).toEqual([[peer.sender, OTHER]]);
    expect(bench.eventsOf('peer').at(-1)?.peer).toMatchObject({ id: old.sender, state: 'dead' });
  });

  it('follows a peer that proves another address from there, and keeps the first for its own', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.forget();
    bench.receive(OTHER, peer.heartbeat());
    expect(bench.node.peers()[0]?.endpoint).toBe(PEER);
    bench.advance(1);
    const [hello] = bench.of('hello', OTHER);
    expect(hello?.packet).toMatchObject({ echo: 0n });
    bench.receive(OTHER, peer.hello({ kind: 'hello-ack', echo: hello!.packet.nonce, verified: true }));
    expect(bench.node.peers()).toHaveLength(1);
    expect(bench.node.peers()[0]?.endpoint).toBe(OTHER);
    bench.forget();
    bench.receive(PEER, peer.heartbeat());
    bench.advance(1000);
    expect(bench.of('hello')).toEqual([]);
  });

  it('takes nobody back that has said goodbye', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.leave(peer.given()));
    bench.forget();
    peer.greet();
    expect(bench.sent).toEqual([]);
    expect(bench.dropped()['after-goodbye']).toBe(1);
  });

  it('meets nobody of another cluster, not even one with the same tag', () => {
    const bench = NodeBench.ready();
    const peer = new BenchPeer(bench, PEER);
    peer.greet({ cluster: 'other' });
    peer.greet({ clusterTag: 1 });
    expect(bench.sent).toEqual([]);
    expect(bench.dropped()).toMatchObject({ 'other-cluster': 2 });
  });

  it('starts to listen where a peer stands that it meets before it is ready', () => {
    const bench = new NodeBench({ hasSeeds: true });
    bench.input(() => bench.node.join(bench.now));
    const peer = BenchPeer.met(bench, PEER, { highest: 2 ** 40 });
    bench.advance(4000);
    peer.say(peer.batch(['before'], 2 ** 40));
    peer.say(peer.batch(['after'], 2 ** 40 + 1));
    expect(bench.keys()).toEqual(['after']);
    expect([bench.of('nack'), bench.of('resync-request')]).toEqual([[], []]);
  });

  it('asks a peer that it meets later for what it has said before', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER, { highest: 3 });
    bench.advance(15);
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[{ from: 1, count: 3 }]]);
    for (const sequence of [1, 2, 3]) peer.say(peer.repair(peer.given(), peer.batch([`${sequence}`], sequence)));
    bench.advance(4000);
    expect(bench.keys()).toEqual(['1', '2', '3']);
    expect([bench.of('nack').length, bench.eventsOf('resync')]).toEqual([1, []]);
  });
});
