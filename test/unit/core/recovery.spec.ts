import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench, type Sent } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const OTHERS = ['10.0.0.3:7946', '10.0.0.4:7946'] as const;

interface Scene {
  readonly bench: NodeBench;
  readonly peer: BenchPeer;
  readonly others: readonly BenchPeer[];
  /** Keeps all members alive for so long, with no word of what they have sent. */
  readonly live: (ms: number, ...but: readonly BenchPeer[]) => void;
}

/** A node and a member of it that has sent one datagram; and others, if they are wanted. */
function setUp(endpoints: readonly string[] = []): Scene {
  const bench = NodeBench.ready();
  const peer = BenchPeer.met(bench, PEER);
  const others = endpoints.map((endpoint) => BenchPeer.met(bench, endpoint));
  const live: Scene['live'] = (ms, ...but) => {
    for (let passed = 0; passed < ms; passed += 100) {
      for (const one of [peer, ...others]) if (!but.includes(one)) one.say(one.ping(one.given(), bench.id));
      bench.advance(Math.min(100, ms - passed));
    }
  };
  peer.say(peer.batch(['first'], 1));
  bench.advance(100);
  bench.forget();
  return { bench, peer, others, live };
}

function say(peer: BenchPeer, ...sequences: readonly number[]): void {
  for (const sequence of sequences) peer.say(peer.batch([`${sequence}`], sequence));
}

/** What was asked for, and of whom. */
function asked(bench: NodeBench): [Sent['to'][number] | undefined, (readonly [number, number])[]][] {
  return bench
    .of('nack')
    .map(({ to, packet }) => [to[0], packet.ranges.map(({ from, count }) => [from, from + count - 1])]);
}

describe('Recovery', () => {
  it('asks the origin for what is missing 5 to 15 ms after it was noticed', () => {
    const { bench, peer } = setUp();
    const start = bench.now;
    say(peer, 3, 6);
    bench.advance(4.9);
    expect(asked(bench)).toEqual([]);
    bench.advance(10.2);
    const [question] = bench.of('nack', PEER);
    expect(question!.at - start).toBeGreaterThanOrEqual(5);
    expect(question?.packet).toMatchObject({ about: peer.sender, nonce: peer.nonce });
    expect(
      asked(bench)
        .flatMap(([, ranges]) => ranges)
        .sort(),
    ).toEqual([
      [2, 2],
      [4, 5],
    ]);
    expect(bench.node.stats().counters).toMatchObject({ gaps: 3, nacksSent: bench.of('nack').length });
  });

  it('does not ask for what was only overtaken', () => {
    const { bench, peer } = setUp();
    say(peer, 3, 2);
    bench.advance(5000);
    expect([asked(bench), bench.eventsOf('resync')]).toEqual([[], []]);
    expect(bench.node.stats().counters).toMatchObject({ gaps: 1, repaired: 1, nacksSent: 0 });
  });

  it('asks again after growing pauses until it comes, by the origin or by whoever repeats it', () => {
    const { bench, peer } = setUp();
    say(peer, 4);
    bench.advance(400);
    const times = bench.of('nack', PEER).map(({ at }) => at);
    const pauses = times.slice(1).map((at, index) => at - times[index]!);
    expect(pauses.length).toBeGreaterThanOrEqual(4);
    expect(pauses.every((pause, index) => index === 0 || pause > pauses[index - 1]!)).toBe(true);
    peer.say(peer.repair(peer.given(), peer.batch(['2'], 2)));
    peer.say(peer.repair(0n, peer.batch(['3'], 3)), true);
    bench.forget();
    bench.advance(5000);
    expect([asked(bench), bench.node.stats().counters.repaired]).toEqual([[], 2]);
  });

  it('asks the origin three times, and then another each time too', () => {
    const { bench, peer, live } = setUp(OTHERS);
    say(peer, 3);
    live(2500);
    const whom = asked(bench).map(([endpoint]) => endpoint);
    expect(whom.slice(0, 3)).toEqual([PEER, PEER, PEER]);
    const later = whom.slice(3);
    expect(later.filter((endpoint, index) => (endpoint === PEER) !== (index % 2 === 0))).toEqual([]);
    expect(new Set(later)).toEqual(new Set([PEER, ...OTHERS]));
  });

  it('asks first the one that has told of it', () => {
    const { bench, peer, others, live } = setUp(OTHERS);
    const [, teller] = others;
    teller!.say(teller!.heartbeat(undefined, { heard: [{ id: peer.sender, highest: 2 }] }));
    live(300);
    const whom = asked(bench).flatMap(([endpoint, ranges]) => (ranges[0]?.[1] === 2 ? [endpoint] : []));
    expect(whom.slice(0, 5)).toEqual([PEER, PEER, PEER, PEER, OTHERS[1]]);
  });

  it('asks the origin for ever when there is nobody else', () => {
    const { bench, peer, live } = setUp();
    say(peer, 3);
    live(2500);
    expect(new Set(asked(bench).map(([endpoint]) => endpoint))).toEqual(new Set([PEER]));
  });

  it('takes from others what is missing, with the nonce that shows who they are, and nothing else', () => {
    const { bench, peer, others } = setUp(OTHERS);
    const [helper] = others;
    say(peer, 3);
    helper!.say(helper!.repair(helper!.given(), peer.batch(['4'], 4)));
    helper!.say(helper!.repair(77n, peer.batch(['2'], 2)));
    helper!.say(helper!.repair(0n, peer.batch(['2'], 2)), true);
    expect([bench.keys(), bench.dropped()]).toEqual([['3'], { 'not-missing': 1, 'wrong-nonce': 2 }]);
    helper!.say(helper!.repair(helper!.given(), peer.batch(['2'], 2)));
    helper!.say(helper!.repair(helper!.given(), peer.batch(['2'], 2)));
    expect(bench.eventsOf('keys').at(-1)).toMatchObject({ keys: ['2'], sequence: 2, origin: { id: peer.sender } });
    expect([bench.keys(), bench.node.stats().counters.repaired]).toEqual([['3', '2'], 1]);
  });

  it('takes nothing from those that have proved nothing', () => {
    const { bench, peer } = setUp();
    say(peer, 3);
    const stranger = new BenchPeer(bench, OTHERS[0]);
    stranger.say(stranger.repair(1n, peer.batch(['2'], 2)));
    expect([bench.keys(), bench.dropped()]).toEqual([['3'], { unverified: 1 }]);
  });

  it('asks for 32 at a time, each 5 ms', () => {
    const { bench, peer } = setUp();
    say(peer, 102);
    bench.advance(30.1);
    const counts = asked(bench).map(([, ranges]) => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0));
    expect(counts.slice(0, 4)).toEqual([32, 32, 32, 4]);
    const times = bench.of('nack').map(({ at }) => at);
    expect(times.slice(1, 4).map((at, index) => Math.round(at - times[index]!))).toEqual([5, 5, 5]);
  });

  it('does not count against the others that this process stood still', () => {
    const { bench, peer, live } = setUp();
    say(peer, 3);
    bench.advance(20);
    bench.now += 10_000;
    bench.input(() => bench.node.handleTimeout(bench.now));
    live(2900);
    expect(bench.of('resync-request')).toEqual([]);
    live(200);
    expect(bench.of('resync-request')).toHaveLength(1);
  });
});

describe('Recovery, of a member that goes', () => {
  it('asks a leaver for 500 ms for what its goodbye shows to be missing, and then others', () => {
    const { bench, peer, others, live } = setUp(OTHERS);
    peer.say(peer.leave(peer.given(), 3));
    live(490, peer);
    expect(asked(bench)[0]).toEqual([PEER, [[2, 3]]]);
    peer.say(peer.repair(peer.given(), peer.batch(['3'], 3)));
    expect([bench.keys(), bench.eventsOf('keys').at(-1)?.origin.state]).toEqual([['3'], 'left']);
    live(50, peer);
    bench.forget();
    live(1000, peer);
    expect(new Set(asked(bench).map(([endpoint]) => endpoint))).toEqual(new Set(OTHERS));
    others[0]!.say(others[0]!.repair(others[0]!.given(), peer.batch(['2'], 2)));
    live(10_000, peer);
    expect([bench.keys(), bench.eventsOf('resync')]).toEqual([['2'], []]);
  });

  it('takes a leaver’s word that it can not repeat what is missing', () => {
    const { bench, peer, live } = setUp(OTHERS);
    peer.say(peer.leave(peer.given(), 3));
    live(20, peer);
    const { token } = bench.of('nack', PEER)[0]!.packet;
    peer.say(peer.beacon(peer.given(), peer.sender, { token, highest: 3, floor: 4 }));
    expect(bench.eventsOf('resync')).toMatchObject([{ reason: 'peer-lost', origin: peer.sender, buckets: 'all' }]);
  });

  it('takes everything of it for missed when nobody can repeat it for 3 s', () => {
    const { bench, peer, live } = setUp(OTHERS);
    peer.say(peer.leave(peer.given(), 3));
    live(2900, peer);
    expect(bench.eventsOf('resync')).toEqual([]);
    live(200, peer);
    expect(bench.eventsOf('resync')).toMatchObject([{ reason: 'peer-lost', origin: peer.sender, buckets: 'all' }]);
    bench.forget();
    live(10_000, peer);
    expect([bench.eventsOf('resync'), asked(bench)]).toEqual([[], []]);
  });
});
