import { describe, expect, it } from '@jest/globals';

import { BucketSet } from '../../../lib/primitives/bucket-set.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { limits } from '../../support/limits.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const HEARS = { hearsGroup: true } as const;

/** Keys of which each fills a datagram. */
function longKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${'x'.repeat(1000)}${index}`);
}

/** A node that has sent that many full datagrams, and then met those that are to ask for them. */
function setUp(count: number, hosts: readonly number[] = [2], parts: Parameters<typeof BenchPeer.met>[2] = {}) {
  const bench = NodeBench.ready({ limits: limits({ sendsInFlight: 1000 }) });
  bench.publish(...longKeys(count));
  bench.advance(5000);
  const peers = hosts.map((host) => BenchPeer.met(bench, `10.0.0.${host}:7946`, parts));
  bench.forget();
  return { bench, peers, peer: peers[0]! };
}

function ask(bench: NodeBench, peer: BenchPeer, from: number, count = 1): void {
  peer.say(peer.nack(peer.given(), bench.id, [{ from, count }], 77));
}

/** The sequences that were repeated to the address, or to the group if there is none. */
function repeated(bench: NodeBench, to?: string): number[] {
  const repairs = bench.of('repair').filter((sent) => (to === undefined ? sent.toGroup : sent.to.includes(to)));
  return repairs.map(({ packet }) => packet.event.trailer.sequence);
}

describe('Repairer', () => {
  it('repeats to a member what it asks for, as it was', () => {
    const { bench, peer } = setUp(5);
    peer.say(
      peer.nack(peer.given(), bench.id, [
        { from: 2, count: 2 },
        { from: 5, count: 1 },
      ]),
    );
    expect(repeated(bench, PEER)).toEqual([2, 3, 5]);
    const [first] = bench.of('repair', PEER);
    expect(first?.packet).toMatchObject({ nonce: peer.nonce, toGroup: false });
    expect(first?.packet.event).toMatchObject({ kind: 'batch', sender: bench.id, keys: [longKeys(2)[1]] });
    expect([bench.node.stats().counters.repairsSent, bench.of('beacon')]).toEqual([4, []]);
  });

  it('repeats what it has heard of others', () => {
    const { bench, peers } = setUp(0, [2, 3]);
    const [asker, origin] = peers;
    origin!.say(origin!.batch(['a'], 4));
    asker!.say(asker!.nack(asker!.given(), origin!.sender, [{ from: 3, count: 2 }]));
    expect(bench.of('repair', PEER).map(({ packet }) => packet.event)).toMatchObject([
      { sender: origin!.sender, keys: ['a'], trailer: { sequence: 4 } },
    ]);
    // Of what others sent, only they can say that it does not exist.
    expect(bench.of('beacon')).toEqual([]);
  });

  it('says how far it has come when it is asked for what it can not repeat', () => {
    const { bench, peer } = setUp(3);
    ask(bench, peer, 3, 2);
    expect(repeated(bench, PEER)).toEqual([3]);
    expect(bench.of('beacon', PEER).map(({ packet }) => packet)).toMatchObject([
      { token: 77, about: bench.id, highest: 3, floor: 1, nonce: peer.nonce },
    ]);
  });

  it('says what it knows of any node when it is asked for nothing of it', () => {
    const { bench, peers } = setUp(3, [2, 3]);
    const [asker, origin] = peers;
    for (const sequence of [7, 9]) origin!.say(origin!.batch(['a'], sequence));
    const stranger = randomNodeId(bench.random);
    for (const about of [bench.id, origin!.sender, asker!.sender, stranger]) {
      asker!.say(asker!.nack(asker!.given(), about, [], 5));
    }
    expect(bench.of('beacon', PEER).map(({ packet }) => packet)).toMatchObject([
      { about: bench.id, highest: 3, floor: 1 },
      { about: origin!.sender, highest: 9, floor: 7 },
      { about: asker!.sender, highest: 0, floor: 1 },
      // Never heard of.
      { about: stranger, highest: 0, floor: 0 },
    ]);
  });

  it('repeats nothing that is older than it may be', () => {
    const bench = NodeBench.ready({ limits: limits({ repairAge: 10_000 }) });
    const peer = BenchPeer.met(bench, PEER);
    bench.publish('a');
    bench.advance(10_000);
    bench.forget();
    ask(bench, peer, 1);
    expect(repeated(bench, PEER)).toEqual([1]);
    bench.forget();
    bench.advance(2);
    ask(bench, peer, 1);
    expect(repeated(bench, PEER)).toEqual([]);
    expect(bench.of('beacon', PEER)[0]?.packet).toMatchObject({ highest: 1, floor: 2 });
  });

  it('answers members only, by their nonce', () => {
    const { bench, peer } = setUp(3);
    peer.say(peer.nack(1n, bench.id, [{ from: 1, count: 1 }]));
    const stranger = new BenchPeer(bench, '10.0.0.9:7946');
    stranger.say(stranger.nack(1n, bench.id, [{ from: 1, count: 1 }]));
    stranger.say(stranger.resyncRequest(1n, 1));
    expect([bench.of('repair'), bench.of('beacon'), bench.of('resync')]).toEqual([[], [], []]);
    expect(bench.dropped()).toMatchObject({ 'wrong-nonce': 1, unverified: 2 });
  });
});

describe('Repairer, asked by many', () => {
  it('answers the third who asks for the same by the group, and nobody for 15 ms then', () => {
    const { bench, peers } = setUp(1, [2, 3, 4, 5, 6], HEARS);
    for (const peer of peers) ask(bench, peer, 1);
    expect([repeated(bench, PEER), repeated(bench, '10.0.0.3:7946'), repeated(bench)]).toEqual([[1], [1], [1]]);
    expect(bench.of('repair').find(({ toGroup }) => toGroup)?.packet).toMatchObject({ nonce: 0n, toGroup: true });
    bench.advance(14.9);
    ask(bench, peers[0]!, 1);
    expect(bench.of('repair')).toHaveLength(3);
    bench.advance(0.1);
    ask(bench, peers[0]!, 1);
    expect(bench.of('repair')).toHaveLength(4);
  });

  it('answers each by itself who asks more than 30 ms after the last', () => {
    const { bench, peers } = setUp(1, [2, 3, 4, 5], HEARS);
    for (const peer of peers) {
      ask(bench, peer, 1);
      bench.advance(30.1);
    }
    expect(bench.of('repair').map(({ toGroup, to }) => [toGroup, to.length])).toEqual(new Array(4).fill([false, 1]));
  });

  it('answers each by itself who does not hear the group', () => {
    const { bench, peers } = setUp(1, [2, 3, 4, 5]);
    for (const peer of peers) ask(bench, peer, 1);
    expect(bench.of('repair').map(({ to }) => to[0])).toEqual(peers.map(({ endpoint }) => endpoint));
  });

  it('gives nothing to the group that is another’s', () => {
    const { bench, peers } = setUp(0, [2, 3, 4, 5], HEARS);
    const [origin, ...askers] = peers;
    origin!.say(origin!.batch(['a'], 1));
    for (const asker of askers) asker.say(asker.nack(asker.given(), origin!.sender, [{ from: 1, count: 1 }]));
    expect(bench.of('repair').map(({ toGroup }) => toGroup)).toEqual([false, false, false]);
  });
});

describe('Repairer, within its budget', () => {
  it('looks at 128 sequences of one question', () => {
    const { bench, peer } = setUp(200);
    ask(bench, peer, 1, 65_535);
    expect(repeated(bench, PEER)).toEqual(Array.from({ length: 128 }, (_, index) => index + 1));
    bench.forget();
    ask(bench, peer, 201, 65_535);
    expect([repeated(bench, PEER), bench.of('beacon').length]).toEqual([[], 1]);
  });

  it('gives a member 256 KiB at once, and 16 KiB a millisecond', () => {
    const { bench, peer } = setUp(128);
    for (let time = 0; time < 10; time++) ask(bench, peer, 1, 128);
    const bytes = (): number => bench.of('repair').reduce((sum, { length }) => sum + length, 0);
    expect(bytes()).toBeLessThanOrEqual(262_144);
    expect(bytes()).toBeGreaterThan(260_000);
    expect(bench.dropped()['repair-budget']).toBe(10 * 128 - bench.of('repair').length);
    bench.forget();
    bench.advance(4);
    for (let time = 0; time < 10; time++) ask(bench, peer, 1, 128);
    expect(bytes()).toBeLessThanOrEqual(4 * 16_384 + 1200);
    expect(bytes()).toBeGreaterThan(4 * 16_384 - 1200);
  });

  it('gives all members together 1 MiB at once', () => {
    const { bench, peers } = setUp(128, [2, 3, 4, 5, 6, 7]);
    for (const peer of peers) for (let time = 0; time < 3; time++) ask(bench, peer, 1, 128);
    const bytes = bench.of('repair').reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThanOrEqual(1_048_576);
    expect(bytes).toBeGreaterThan(1_046_000);
  });

  it('counts buckets into it', () => {
    const { bench, peer } = setUp(1);
    for (let time = 0; time < 1000; time++) peer.say(peer.resyncRequest(peer.given(), 1));
    expect(bench.of('resync')).toHaveLength(Math.floor(262_144 / 560));
    expect(bench.dropped()['repair-budget']).toBe(1000 - bench.of('resync').length);
  });
});

describe('Repairer, asked for buckets', () => {
  it('names those of all keys that were sent from there on', () => {
    const { bench, peer } = setUp(3);
    bench.publish('a');
    bench.advance(1);
    peer.say(peer.resyncRequest(peer.given(), 3, 9));
    const [answer] = bench.of('resync', PEER);
    expect(answer?.packet).toMatchObject({ requestId: 9, from: 3, upTo: 4, nonce: peer.nonce });
    const buckets = answer!.packet.buckets as BucketSet;
    const matched = [...longKeys(3), 'a'].map((key) => buckets.matches(key));
    expect([buckets.size, matched]).toEqual([2, [false, false, true, true]]);
  });

  it('names all where a pattern was sent, and none where nothing was', () => {
    const { bench, peer } = setUp(1);
    const pattern = { kind: 'matching', key: 'a*', data: undefined, metadata: undefined } as const;
    bench.input(() => bench.node.publish(bench.now, [pattern]));
    bench.advance(1);
    for (const from of [2, 3, 2 ** 47]) peer.say(peer.resyncRequest(peer.given(), from));
    expect(bench.of('resync', PEER).map(({ packet: { from, upTo, buckets } }) => [from, upTo, buckets])).toEqual([
      [2, 2, 'all'],
      [3, 2, new BucketSet()],
      [2 ** 47, 2 ** 47 - 1, new BucketSet()],
    ]);
  });
});
