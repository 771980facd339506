import { describe, expect, it } from '@jest/globals';

import { BucketSet } from '../../../lib/primitives/bucket-set.js';
import { WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const BUCKETS = new BucketSet(new Uint8Array(512).fill(1));

/** A node, and a member of it that has sent one datagram and goes on living. */
function setUp(): { bench: NodeBench; peer: BenchPeer; live: (ms: number) => void } {
  const bench = NodeBench.ready();
  const peer = BenchPeer.met(bench, PEER);
  const live = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      peer.say(peer.ping(peer.given(), bench.id));
      bench.advance(Math.min(50, ms - passed));
    }
  };
  peer.say(peer.batch(['first'], 1));
  bench.advance(100);
  bench.forget();
  return { bench, peer, live };
}

function say(peer: BenchPeer, ...sequences: readonly number[]): void {
  for (const sequence of sequences) peer.say(peer.batch([`${sequence}`], sequence));
}

/** A gap of 2 to 4 that nobody has repeated for 3 s: its buckets are asked for. */
function overdue(): ReturnType<typeof setUp> & { requestId: number } {
  const scene = setUp();
  say(scene.peer, 5);
  scene.live(3050);
  const { requestId } = scene.bench.of('resync-request', PEER)[0]!.packet;
  return { ...scene, requestId };
}

function resyncs(bench: NodeBench): [string, unknown][] {
  return bench.eventsOf('resync').map(({ reason, buckets }) => [reason, buckets]);
}

describe('Recovery, by buckets', () => {
  it('asks for them after 3 s without a repair, from the first missing on', () => {
    const { bench, peer, live } = setUp();
    const start = bench.now;
    say(peer, 2, 5, 7);
    live(2999);
    expect(bench.of('resync-request')).toEqual([]);
    live(50);
    const [request] = bench.of('resync-request', PEER);
    expect(request!.at - start).toBeCloseTo(3000, 3);
    expect(request?.packet).toMatchObject({ from: 3, nonce: peer.nonce });
  });

  it('asks each 250 ms, with one number, and takes everything for missed after 2 s more', () => {
    const { bench, live } = overdue();
    live(1900);
    const times = bench.of('resync-request', PEER).map(({ at }) => at);
    expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual(new Array(7).fill(250));
    expect(new Set(bench.of('resync-request').map(({ packet }) => packet.requestId)).size).toBe(1);
    expect(resyncs(bench)).toEqual([]);
    live(100);
    expect(resyncs(bench)).toEqual([['gap', 'all']]);
    bench.forget();
    live(20_000);
    expect([resyncs(bench), bench.of('resync-request'), bench.of('nack')]).toEqual([[], [], []]);
  });

  it('gives up on one that goes on talking and does not answer, and lets the node sleep', () => {
    const { bench, peer } = setUp();
    say(peer, 3);
    let wakes = 0;
    for (let sequence = 4; sequence < 64; sequence++) {
      say(peer, sequence);
      for (const end = bench.now + 100; bench.now < end; wakes++) {
        bench.advance(Math.max(0.001, Math.min(end, bench.node.pollTimeout()) - bench.now));
      }
    }
    expect(resyncs(bench)).toEqual([['gap', 'all']]);
    expect(wakes).toBeLessThan(600);
  });

  it('raises what the answer names, and misses nothing of that range any more', () => {
    const { bench, peer, live, requestId } = overdue();
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 5, buckets: BUCKETS }));
    expect(bench.eventsOf('resync')).toEqual([
      { kind: 'resync', reason: 'gap', origin: peer.sender, buckets: BUCKETS },
    ]);
    bench.forget();
    live(10_000);
    expect([bench.of('resync-request'), bench.of('nack'), resyncs(bench)]).toEqual([[], [], []]);
    expect(bench.node.stats().counters.resyncsRaised).toBe(1);
  });

  it('raises what a single datagram held', () => {
    const { bench, peer, live } = setUp();
    say(peer, 3);
    live(3050);
    const { requestId } = bench.of('resync-request', PEER)[0]!.packet;
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 2, buckets: BUCKETS }));
    expect(resyncs(bench)).toEqual([['gap', BUCKETS]]);
  });

  it('asks others for the datagrams, for 3 s, when the origin goes before it has answered', () => {
    const { bench, peer, live } = setUp();
    const helper = BenchPeer.met(bench, '10.0.0.3:7946');
    say(peer, 3);
    live(3050);
    peer.say(peer.leave(peer.given(), 3));
    bench.forget();
    for (let passed = 0; passed < 2500; passed += 500) {
      helper.say(helper.ping(helper.given(), bench.id));
      bench.advance(500);
    }
    expect([resyncs(bench), bench.of('nack', '10.0.0.3:7946').length > 3]).toEqual([[], true]);
    helper.say(helper.repair(helper.given(), peer.batch(['2'], 2)));
    bench.advance(5000);
    expect([bench.keys(), resyncs(bench)]).toEqual([['2'], []]);
  });

  it('still misses what the answer does not cover', () => {
    const { bench, peer, live, requestId } = overdue();
    say(peer, 8);
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 5, buckets: BUCKETS }));
    bench.forget();
    live(20);
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[{ from: 6, count: 2 }]]);
  });

  it('takes the origin’s word for how far it has come, of which nothing is missing then', () => {
    const { bench, peer, live, requestId } = overdue();
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 9, buckets: BUCKETS }));
    bench.forget();
    live(100);
    say(peer, 10);
    live(100);
    expect([bench.keys(), bench.of('nack')]).toEqual([['10'], []]);
  });

  it.each([
    ['another number', { requestId: 1 }],
    ['a range that begins above what is missing', { from: 3 }],
    ['a range that ends before it begins', { upTo: 0 }],
  ])('takes nothing from an answer with %s', (_, wrong) => {
    const { bench, peer, live, requestId } = overdue();
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 5, buckets: BUCKETS, ...wrong }));
    expect(resyncs(bench)).toEqual([]);
    live(300);
    expect(bench.of('resync-request').length).toBeGreaterThan(1);
  });

  it('takes an answer from its origin only, by the nonce, and once', () => {
    const { bench, peer, requestId } = overdue();
    const other = BenchPeer.met(bench, '10.0.0.3:7946');
    const said = { requestId, from: 2, upTo: 5, buckets: BUCKETS };
    other.say(other.resync(other.given(), said));
    peer.say(peer.resync(1n, said));
    expect([resyncs(bench), bench.dropped()['wrong-nonce']]).toEqual([[], 1]);
    for (let time = 0; time < 2; time++) peer.say(peer.resync(peer.given(), said));
    expect(resyncs(bench)).toHaveLength(1);
  });

  it('still takes what is repeated meanwhile, and asks no more when that is all', () => {
    const { bench, peer, live } = overdue();
    for (const sequence of [2, 3, 4]) {
      peer.say(peer.repair(peer.given(), peer.batch([`${sequence}`], sequence)));
    }
    bench.forget();
    live(3000);
    expect([bench.of('resync-request'), resyncs(bench)]).toEqual([[], []]);
  });

  it('asks at once when the origin can not repeat it any more', () => {
    const { bench, peer } = setUp();
    say(peer, 5);
    bench.advance(15.1);
    const { token } = bench.of('nack', PEER).at(-1)!.packet;
    peer.say(peer.beacon(peer.given(), peer.sender, { token, highest: 5, floor: 4 }));
    bench.advance(0);
    expect(bench.of('resync-request', PEER)[0]?.packet).toMatchObject({ from: 2 });
  });

  it('goes on asking for what the origin can repeat', () => {
    const { bench, peer } = setUp();
    say(peer, 5);
    bench.advance(15.1);
    const { token } = bench.of('nack', PEER).at(-1)!.packet;
    peer.say(peer.beacon(peer.given(), peer.sender, { token, highest: 5, floor: 2 }));
    bench.advance(100);
    expect(bench.of('resync-request')).toEqual([]);
    expect(bench.of('nack').length).toBeGreaterThan(1);
  });

  it('asks at once, as overrun, for what has left the window', () => {
    const { bench, peer } = setUp();
    say(peer, 3, 3 + WINDOW_SIZE);
    bench.advance(0);
    const [request] = bench.of('resync-request', PEER);
    expect(request?.packet).toMatchObject({ from: 2 });
    const { requestId } = request!.packet;
    peer.say(peer.resync(peer.given(), { requestId, from: 2, upTo: 3 + WINDOW_SIZE, buckets: BUCKETS }));
    expect(resyncs(bench)).toEqual([['overrun', BUCKETS]]);
  });

  it('has the reason gap again for the next one', () => {
    const { bench, peer, live } = setUp();
    say(peer, 3, 3 + WINDOW_SIZE);
    live(2100);
    expect(resyncs(bench)).toEqual([['overrun', 'all']]);
    say(peer, 5 + WINDOW_SIZE);
    live(5100);
    expect(resyncs(bench)).toEqual([
      ['overrun', 'all'],
      ['gap', 'all'],
    ]);
  });

  it('asks each 250 ms at most, and tells nothing, where all that is missing was forged', () => {
    const { bench, peer } = setUp();
    const top = 1 + 2 * WINDOW_SIZE;
    for (const forged of [1 + WINDOW_SIZE, top]) bench.receive('10.66.6.6:7946', peer.batch(['forged'], forged));
    for (let passed = 0, answered = 0; passed < 2500; passed++) {
      bench.advance(1);
      const request = bench.of('resync-request', PEER)[answered];
      if (request === undefined) continue;
      answered++;
      // The origin has sent one datagram, and so nothing from the second on.
      const { requestId, from } = request.packet;
      peer.say(peer.resync(peer.given(), { requestId, from, upTo: from - 1, buckets: new BucketSet() }));
    }
    expect(bench.of('resync-request').length).toBeLessThanOrEqual(10);
    expect(resyncs(bench)).toEqual([]);
  });
});
