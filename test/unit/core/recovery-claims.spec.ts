import { describe, expect, it } from '@jest/globals';

import { WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const FORGER = '10.66.6.6:7946';
const FAR = 2 ** 47;

/** A node and a member of it that has sent one datagram; with others that know of it, if they are wanted. */
function setUp(...hosts: readonly number[]): { bench: NodeBench; peer: BenchPeer; witnesses: BenchPeer[] } {
  const bench = NodeBench.ready();
  const peer = BenchPeer.met(bench, PEER);
  const witnesses = hosts.map((host) => BenchPeer.met(bench, `10.0.0.${host}:7946`));
  peer.say(peer.batch(['first'], 1));
  bench.advance(100);
  bench.forget();
  return { bench, peer, witnesses };
}

/** Keeps the members alive for that long, without a word of what they have sent. */
function live(bench: NodeBench, peers: readonly BenchPeer[], ms: number): void {
  for (let passed = 0; passed < ms; passed += 500) {
    for (const peer of peers) peer.say(peer.ping(peer.given(), bench.id));
    bench.advance(500);
  }
}

/** Answers the last question of that kind that went to the peer. */
function answer(bench: NodeBench, peer: BenchPeer, highest: number, floor = 1): void {
  const { token } = bench.of('nack', PEER).at(-1)!.packet;
  peer.say(peer.beacon(peer.given(), peer.sender, { token, highest, floor }));
}

function resyncs(bench: NodeBench): [string, unknown][] {
  return bench.eventsOf('resync').map(({ reason, buckets }) => [reason, buckets]);
}

describe('Recovery, of what is only claimed', () => {
  it.each([
    ['a heartbeat', (peer: BenchPeer) => peer.say(peer.heartbeat(undefined, {}))],
    ['a beacon to everyone', (peer: BenchPeer) => peer.say(peer.beacon(0n, peer.sender, { highest: 4 }), true)],
  ])('asks for what %s shows to be missing, and moves nothing', (_, speak) => {
    const { bench, peer } = setUp();
    for (let unheard = 0; unheard < 4; unheard++) peer.batch(['unheard']);
    speak(peer);
    bench.advance(15);
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[{ from: 2, count: 3 }]]);
    expect(bench.node.stats().counters.gaps).toBe(3);
    for (const sequence of [2, 3, 4]) peer.say(peer.batch([`${sequence}`], sequence));
    expect(bench.keys()).toEqual(['2', '3', '4']);
  });

  it('asks the origin for what a third has heard of it', () => {
    const { bench, peer, witnesses } = setUp(3);
    const [witness] = witnesses;
    witness!.say(witness!.heartbeat(undefined, { heard: [{ id: peer.sender, highest: 3 }] }));
    bench.advance(15);
    expect(bench.of('nack').map(({ to, packet }) => [to, packet.ranges])).toEqual([[[PEER], [{ from: 2, count: 2 }]]]);
  });

  it('drops what its origin denies, without a word', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.beacon(0n, peer.sender, { highest: 900 }));
    bench.advance(15);
    answer(bench, peer, 1);
    bench.advance(60_000);
    expect(bench.of('nack', PEER)).toHaveLength(1);
    expect([resyncs(bench), bench.of('resync-request')]).toEqual([[], []]);
  });

  it('hears what is true though nobody could deny what was forged', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.beacon(0n, peer.sender, { highest: 900 }));
    live(bench, [peer], 6000);
    expect(resyncs(bench)).toEqual([['gap', 'all']]);
    bench.forget();
    for (const sequence of [2, 3, 500]) peer.say(peer.batch([`${sequence}`], sequence));
    expect(bench.keys()).toEqual(['2', '3', '500']);
  });

  it('asks of a claim beyond reach, and is told: then it is a gap', () => {
    const { bench, peer } = setUp();
    peer.say(peer.batch(['far'], 2000));
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[]]);
    answer(bench, peer, 2000);
    bench.advance(1);
    expect(bench.of('resync-request', PEER)[0]?.packet).toMatchObject({ from: 2 });
  });

  it('asks at most each 100 ms, however many claims there are', () => {
    const { bench, peer } = setUp();
    for (let count = 0; count < 1000; count++) {
      bench.receive(FORGER, peer.batch(['forged'], FAR + count));
      bench.advance(1);
    }
    expect(bench.of('nack', PEER)).toHaveLength(10);
    expect(bench.dropped()['beyond-window']).toBe(1000);
  });

  it('takes all for missed when the origin has said nothing to it for 5 s, once, and does not move', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.batch(['forged'], FAR));
    live(bench, [peer], 4500);
    bench.receive(FORGER, peer.batch(['forged'], FAR));
    expect(resyncs(bench)).toEqual([]);
    live(bench, [peer], 20_000);
    expect(bench.eventsOf('resync')).toMatchObject([{ reason: 'gap', origin: peer.sender, buckets: 'all' }]);
    bench.receive(FORGER, peer.batch(['forged'], FAR));
    live(bench, [peer], 20_000);
    expect(resyncs(bench)).toHaveLength(1);
    peer.say(peer.batch(['true'], 2));
    expect(bench.keys()).toEqual(['true']);
  });

  it('does not forget a doubt over a gap that is filled meanwhile', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.batch(['forged'], FAR));
    peer.say(peer.batch(['3'], 3));
    live(bench, [peer], 1000);
    peer.say(peer.repair(peer.given(), peer.batch(['2'], 2)));
    live(bench, [peer], 3500);
    expect(resyncs(bench)).toEqual([]);
    live(bench, [peer], 1000);
    expect(resyncs(bench)).toEqual([['gap', 'all']]);
  });

  it('takes nothing from what is said of a node that it does not know', () => {
    const { bench, peer } = setUp();
    const { sender } = new BenchPeer(bench, '10.0.0.9:7946');
    peer.say(peer.beacon(peer.given(), sender, { highest: 9 }));
    peer.say(peer.pong(peer.given(), sender, 1, 9));
    bench.advance(100);
    expect([bench.of('nack'), resyncs(bench)]).toEqual([[], []]);
  });

  it('still notices what is truly far ahead after a lie has been made up for', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.batch(['forged'], FAR));
    live(bench, [peer], 6000);
    bench.forget();
    peer.say(peer.batch(['true'], 2000));
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[]]);
    live(bench, [peer], 6000);
    expect(resyncs(bench)).toEqual([['gap', 'all']]);
  });

  it.each([
    { forged: [2], drops: 1 },
    { forged: [900], drops: 1 },
    { forged: [2, 3, 4, 700], drops: 1 },
  ])('takes back what was forged as $forged, and hears the true ones then', ({ forged, drops }) => {
    const { bench, peer } = setUp();
    for (const sequence of forged) bench.receive(FORGER, peer.batch(['forged'], sequence));
    expect(bench.keys()).toEqual(forged.map(() => 'forged'));
    bench.forget();
    // Its heartbeat says less than what was heard, or what is missing is asked for.
    peer.say(peer.heartbeat());
    bench.advance(15);
    answer(bench, peer, 1);
    expect(bench.dropped()['forged-sequence']).toBe(drops);
    for (const sequence of [2, 3, 4]) peer.say(peer.batch([`${sequence}`], sequence));
    expect([bench.keys(), resyncs(bench)]).toEqual([['2', '3', '4'], []]);
  });

  it('tells of everything when what was forged has taken the window beyond reach', () => {
    const { bench, peer } = setUp();
    for (const sequence of [1 + WINDOW_SIZE, 1 + 2 * WINDOW_SIZE]) {
      bench.receive(FORGER, peer.batch(['forged'], sequence));
    }
    bench.advance(15);
    answer(bench, peer, 1);
    expect(resyncs(bench)).toEqual([['overrun', 'all']]);
    peer.say(peer.batch(['2'], 2));
    expect(bench.keys()).toContain('2');
    bench.forget();
    live(bench, [peer], 20_000);
    expect([resyncs(bench), bench.of('resync-request')]).toEqual([[], []]);
  });

  it('takes an answer to another question for nothing', () => {
    const { bench, peer } = setUp();
    bench.receive(FORGER, peer.batch(['forged'], 900));
    bench.advance(15);
    const { token } = bench.of('nack', PEER).at(-1)!.packet;
    peer.say(peer.beacon(peer.given(), peer.sender, { token: token + 1, highest: 1 }));
    bench.receive(FORGER, peer.beacon(77n, peer.sender, { token, highest: 1 }));
    expect(bench.dropped()).toEqual({ 'wrong-nonce': 1 });
    peer.say(peer.batch(['still a double'], 900));
    expect(bench.keys()).toEqual(['forged']);
  });
});
