import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const OTHER = '10.0.0.3:7946';
/** The half of a usual buffer, and a third of that in full datagrams. */
const USUAL = 106_496;
const THIRD = 15;

function setUp(receiveBufferBytes?: number): { bench: NodeBench; peer: BenchPeer; other: BenchPeer } {
  const bench = NodeBench.ready();
  if (receiveBufferBytes !== undefined) bench.node.handleReceiveBuffer(receiveBufferBytes);
  const peer = BenchPeer.met(bench, PEER);
  const other = BenchPeer.met(bench, OTHER);
  bench.advance(1000);
  bench.forget();
  return { bench, peer, other };
}

/** Says so many datagrams from that one on. */
function say(peer: BenchPeer, from: number, count: number): void {
  for (let sequence = from; sequence < from + count; sequence++) peer.say(peer.batch(['k'], sequence));
}

/** What was reported to the address: contiguous, highest, window. */
function reports(bench: NodeBench, to = PEER): number[][] {
  return bench.of('ack', to).map(({ packet }) => [packet.contiguous, packet.highest, packet.windowBytes]);
}

describe('FlowReports', () => {
  it('reports each third of what may be under way', () => {
    const { bench, peer } = setUp();
    say(peer, 1, THIRD - 1);
    expect(reports(bench)).toEqual([]);
    say(peer, THIRD, THIRD + 1);
    expect(reports(bench)).toEqual([
      [THIRD, THIRD, USUAL],
      [2 * THIRD, 2 * THIRD, USUAL],
    ]);
    expect(bench.of('ack', PEER)[0]?.packet).toMatchObject({ nonce: peer.nonce });
  });

  it.each([
    { bytes: 4_000_000, every: 32 },
    { bytes: 212_992, every: 30 },
    { bytes: 3000, every: 1 },
  ])('reports every $every where a buffer holds $bytes bytes', ({ bytes, every }) => {
    const { bench, peer } = setUp(bytes);
    say(peer, 1, every);
    expect(reports(bench)).toEqual([[every, every, bytes]]);
  });

  it('reports what it lacks', () => {
    const { bench, peer } = setUp();
    say(peer, 1, 5);
    say(peer, 7, THIRD - 5);
    expect(reports(bench)).toEqual([[5, THIRD + 1, USUAL]]);
  });

  it('reports 20 ms after the fourth of a row, and of shorter rows nothing', () => {
    const { bench, peer } = setUp();
    say(peer, 1, 3);
    bench.advance(20.1);
    expect(reports(bench)).toEqual([]);
    say(peer, 4, 3);
    bench.advance(10);
    say(peer, 7, 1);
    bench.advance(19.9);
    expect(reports(bench)).toEqual([]);
    bench.advance(0.1);
    expect(reports(bench)).toEqual([[7, 7, USUAL]]);
    bench.advance(1000);
    expect(reports(bench)).toHaveLength(1);
  });

  it('reports nothing of a stream that is slow, however long', () => {
    const { bench, peer } = setUp();
    for (let sequence = 1; sequence <= 100; sequence++) {
      say(peer, sequence, 1);
      bench.advance(25);
    }
    expect(reports(bench)).toEqual([]);
  });

  it('shares its buffer out among those that were heard in the last 100 ms', () => {
    const { bench, peer, other } = setUp();
    say(other, 1, 1);
    bench.advance(50);
    say(peer, 1, 7);
    expect(reports(bench)).toEqual([[7, 7, USUAL / 2]]);
    bench.advance(100.1);
    say(peer, 8, THIRD);
    expect(reports(bench).at(-1)).toEqual([7 + THIRD, 7 + THIRD, USUAL]);
    expect(reports(bench, OTHER)).toEqual([]);
  });

  it.each([
    { members: 60, why: 'more rarely where many would' },
    { members: 160, why: 'before all that may be under way is unreported, however many there are' },
  ])('reports $why', ({ members }) => {
    const { bench, peer } = setUp();
    for (let host = 0; host < members; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
    say(peer, 1, 2 * THIRD - 1);
    expect(reports(bench)).toEqual([]);
    say(peer, 2 * THIRD, 1);
    expect(reports(bench)).toHaveLength(1);
  });

  it('leaves each of many senders room for one datagram', () => {
    const { bench, peer } = setUp();
    for (let host = 0; host < 60; host++) say(BenchPeer.met(bench, `10.1.0.${host + 1}:7946`), 1, 1);
    say(peer, 1, 1);
    expect(reports(bench)).toEqual([[1, 1, 2304]]);
  });

  it('reports to one that has come back as to any other', () => {
    const { bench, peer } = setUp();
    say(peer, 1, 4);
    const successor = BenchPeer.met(bench, PEER);
    bench.advance(100);
    const moved = new BenchPeer(bench, '10.0.0.9:7946', peer.sender);
    moved.greet({ highest: 4 });
    moved.confirm({ highest: 4 });
    bench.advance(1000);
    bench.forget();
    say(moved, 5, 4);
    bench.advance(20.1);
    expect([successor.isPeer, reports(bench, moved.endpoint)]).toEqual([true, [[8, 8, USUAL]]]);
  });

  it('reports once more, soon, to one that says again what it has said', () => {
    const { bench, peer } = setUp();
    say(peer, 1, THIRD);
    bench.forget();
    bench.advance(900);
    peer.say(peer.repair(0n, peer.batch(['k'], THIRD)), true);
    peer.say(peer.beacon(0n, peer.sender, { highest: THIRD }), true);
    bench.advance(1);
    expect(reports(bench)).toEqual([[THIRD, THIRD, USUAL]]);
  });

  it('reports nothing again to one that it did not report to for a second', () => {
    const { bench, peer, other } = setUp();
    say(peer, 1, THIRD);
    say(other, 1, 1);
    bench.advance(1000.1);
    bench.forget();
    for (const one of [peer, other]) one.say(one.beacon(0n, one.sender, { highest: 1 }), true);
    bench.advance(100);
    expect([reports(bench), reports(bench, OTHER)]).toEqual([[], []]);
  });

  it('reports nothing to one that has gone', () => {
    const { bench, peer } = setUp();
    say(peer, 1, 4);
    peer.say(peer.leave(peer.given(), 4));
    bench.forget();
    bench.advance(100);
    expect(reports(bench)).toEqual([]);
  });
});
