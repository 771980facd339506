import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

function states(bench: NodeBench, peer: BenchPeer): string[] {
  return bench.eventsOf('peer').flatMap((event) => (event.peer.id === peer.sender ? [event.peer.state] : []));
}

/** A node that does not use the group, and peers of it that go on living while time passes. */
function meet(count: number): { bench: NodeBench; peers: BenchPeer[]; live: (ms: number, but?: BenchPeer) => void } {
  const bench = NodeBench.ready({ multicast: false });
  const peers = Array.from({ length: count }, (_, host) => BenchPeer.met(bench, `10.0.0.${host + 2}:7946`));
  const live = (ms: number, but?: BenchPeer): void => {
    for (let passed = 0; passed < ms; passed += 500) {
      for (const peer of peers) if (peer !== but) peer.say(peer.heartbeat());
      bench.advance(500);
    }
  };
  bench.forget();
  return { bench, peers, live };
}

describe('Watch', () => {
  it('pings a suspect, then asks three others to, and gives it up', () => {
    const { bench, peers, live } = meet(6);
    const [victim] = peers;
    live(15_000, victim);
    expect(bench.of('ping', victim!.endpoint)).toHaveLength(1);
    expect(bench.of('ping', victim!.endpoint)[0]?.packet).toMatchObject({ target: victim!.sender });
    expect(bench.of('ping-request')).toEqual([]);
    live(1500, victim);
    const requests = bench.of('ping-request');
    expect(bench.of('ping-request', victim!.endpoint)).toEqual([]);
    expect(requests).toHaveLength(3);
    expect(new Set(requests.flatMap(({ to }) => to)).size).toBe(3);
    expect(requests.every(({ packet }) => packet.target === victim!.sender)).toBe(true);
    live(8000, victim);
    expect(states(bench, victim!)).toEqual(['suspect']);
    live(1000, victim);
    expect(states(bench, victim!)).toEqual(['suspect', 'dead']);
    expect(bench.node.stats().counters.lost).toBe(1);
    // Each quarter of a heartbeat from suspicion to death.
    expect(bench.of('ping', victim!.endpoint)).toHaveLength(8);
    expect(bench.of('ping-request')).toHaveLength(21);
  });

  it('asks no other suspect, nor the suspect itself', () => {
    const { bench, peers } = meet(3);
    bench.advance(15_000);
    peers[2]!.say(peers[2]!.heartbeat());
    bench.forget();
    bench.advance(5000);
    expect(bench.of('ping-request').length).toBeGreaterThan(4);
    expect(new Set(bench.of('ping-request').flatMap(({ to }) => to))).toEqual(new Set([peers[2]!.endpoint]));
  });

  it('takes the answer that a third brings for life, and not for hearing', () => {
    const { bench, peers, live } = meet(2);
    const [victim, third] = peers;
    const heardAt = bench.node.peers().find(({ id }) => id === victim!.sender)!.lastHeardAt;
    live(16_500, victim);
    const { token } = bench.of('ping-request', third!.endpoint).at(-1)!.packet;
    third!.say(third!.pong(third!.given(), victim!.sender, token));
    expect(states(bench, victim!)).toEqual(['suspect', 'alive']);
    expect(bench.node.peers().find(({ id }) => id === victim!.sender)?.lastHeardAt).toBe(heardAt);
    live(14_000, victim);
    expect(states(bench, victim!)).toEqual(['suspect', 'alive']);
    live(11_500, victim);
    expect(states(bench, victim!)).toEqual(['suspect', 'alive', 'suspect', 'dead']);
  });

  it('takes no answer that it has not asked for', () => {
    const { bench, peers, live } = meet(2);
    const [victim, third] = peers;
    third!.say(third!.pong(third!.given(), victim!.sender, 0));
    live(16_500, victim);
    const { token } = bench.of('ping-request', third!.endpoint).at(-1)!.packet;
    third!.say(third!.pong(third!.given(), victim!.sender, token + 1));
    third!.say(third!.pong(1n, victim!.sender, token));
    live(10_000, victim);
    expect(states(bench, victim!)).toEqual(['suspect', 'dead']);
  });

  it('pings for a member, and passes the answer on to it alone', () => {
    const { bench, peers } = meet(3);
    const [asker, target, meddler] = peers;
    asker!.say(asker!.pingRequest(asker!.given(), target!.sender, 4711));
    const [ping] = bench.of('ping', target!.endpoint);
    expect(ping?.packet).toMatchObject({ target: target!.sender, nonce: target!.nonce });
    meddler!.say(meddler!.pong(meddler!.given(), meddler!.sender, ping!.packet.token));
    expect(bench.of('pong')).toEqual([]);
    target!.say(target!.pong(target!.given(), target!.sender, ping!.packet.token));
    expect(bench.of('pong').map(({ to, packet }) => [to, packet.token, packet.about, packet.nonce])).toEqual([
      [[asker!.endpoint], 4711, target!.sender, asker!.nonce],
    ]);
    target!.say(target!.pong(target!.given(), target!.sender, ping!.packet.token));
    expect(bench.of('pong')).toHaveLength(1);
  });

  it('pings nobody that is no member, nor the asker itself', () => {
    const { bench, peers } = meet(1);
    const [asker] = peers;
    const stranger = new BenchPeer(bench, '10.0.0.99:7946');
    asker!.say(asker!.pingRequest(asker!.given(), stranger.sender, 1));
    asker!.say(asker!.pingRequest(asker!.given(), asker!.sender, 1));
    expect(bench.of('ping')).toEqual([]);
  });

  it('answers a ping with its own word', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    bench.publish('a');
    bench.advance(0);
    peer.say(peer.ping(peer.given(), peer.sender, 99));
    expect(bench.of('pong', PEER).at(-1)?.packet).toMatchObject({ token: 99, highest: 1, hearsGroup: false });
    peer.say(peer.batch(['by the group']), true);
    peer.say(peer.ping(peer.given(), peer.sender, 100));
    expect(bench.of('pong', PEER).at(-1)?.packet).toMatchObject({ token: 100, hearsGroup: true });
  });

  it('forgives others what it could not hear', () => {
    const { bench, peers } = meet(3);
    bench.now += 60_000;
    bench.input(() => bench.node.handleTimeout(bench.now));
    expect(bench.eventsOf('peer')).toEqual([]);
    bench.advance(26_000);
    expect(peers.map((peer) => states(bench, peer))).toEqual(peers.map(() => ['suspect', 'dead']));
  });

  it('does not take the group for broken because it stood still', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.heartbeat(), true);
    bench.advance(5000);
    bench.now += 60_000;
    bench.forget();
    bench.input(() => bench.node.handleTimeout(bench.now));
    expect(bench.of('heartbeat')[0]?.packet.members?.unheard).toEqual([]);
  });

  it('does not put what it has heard into the future', () => {
    const { bench, peers } = meet(1);
    const [peer] = peers;
    bench.now += 60_000;
    peer!.say(peer!.heartbeat());
    bench.input(() => bench.node.handleTimeout(bench.now));
    expect(bench.node.peers()[0]?.lastHeardAt).toBe(bench.now);
    bench.advance(25_001);
    expect(states(bench, peer!)).toEqual(['suspect', 'dead']);
  });

  it('keeps few pings for others open', () => {
    const { bench, peers } = meet(2);
    const [asker, target] = peers;
    for (let token = 0; token < 1000; token++) {
      asker!.say(asker!.pingRequest(asker!.given(), target!.sender, token));
    }
    const pings = bench.of('ping', target!.endpoint);
    for (const { packet } of pings) target!.say(target!.pong(target!.given(), target!.sender, packet.token));
    expect([pings.length, bench.of('pong').length]).toEqual([1000, 256]);
  });
});
