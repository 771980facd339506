import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

/** When what of that kind was sent, counted from `start`. */
function timesOf(bench: NodeBench, kind: 'repair' | 'beacon', start: number): number[] {
  return bench.of(kind).map(({ at }) => Math.round((at - start) * 1000) / 1000);
}

function setUp(multicast = true): { bench: NodeBench; start: number } {
  const bench = NodeBench.ready({ multicast });
  BenchPeer.met(bench, PEER);
  bench.advance(1000);
  bench.forget();
  return { bench, start: bench.now };
}

describe('Tail', () => {
  it('repeats the last datagram after 25 ms, and tells of it after 50, 100, 200 and 400', () => {
    const { bench, start } = setUp();
    bench.publish('a');
    bench.advance(3000);
    expect([timesOf(bench, 'repair', start), timesOf(bench, 'beacon', start)]).toEqual([[25], [50, 100, 200, 400]]);
    expect(bench.of('repair')[0]).toMatchObject({ toGroup: true, to: [PEER], packet: { nonce: 0n, toGroup: true } });
    expect(bench.of('repair')[0]?.packet.event).toMatchObject({ sender: bench.id, keys: ['a'] });
    for (const { packet, toGroup, to } of bench.of('beacon')) {
      expect([toGroup, to]).toEqual([true, [PEER]]);
      expect(packet).toMatchObject({ nonce: 0n, token: 0, about: bench.id, highest: 1, floor: 1 });
    }
  });

  it('begins anew with each datagram', () => {
    const { bench, start } = setUp();
    for (let count = 0; count < 10; count++) {
      bench.publish(`k${count}`);
      bench.advance(20);
    }
    bench.advance(3000);
    const last = start + 180;
    expect([timesOf(bench, 'repair', last), timesOf(bench, 'beacon', last)]).toEqual([[25], [50, 100, 200, 400]]);
    expect(bench.of('repair')[0]?.packet.event.trailer.sequence).toBe(10);
  });

  it('stops telling of one that is not the last any more', () => {
    const { bench, start } = setUp();
    bench.publish('a');
    bench.advance(120);
    bench.publish('b');
    bench.advance(3000);
    expect(timesOf(bench, 'repair', start)).toEqual([25, 145]);
    expect(timesOf(bench, 'beacon', start)).toEqual([50, 100, 170, 220, 320, 520]);
  });

  it('goes to each by itself where there is no group', () => {
    const { bench } = setUp(false);
    bench.publish('a');
    bench.advance(3000);
    const both = [...bench.of('repair'), ...bench.of('beacon')];
    expect(both.map(({ toGroup, to }) => [toGroup, to])).toEqual(new Array(5).fill([false, [PEER]]));
  });

  it.each([
    { peers: 63, beacons: [50, 100, 200, 400] },
    { peers: 64, beacons: [400] },
  ])('tells $peers that are sent to one by one after $beacons ms', ({ peers, beacons }) => {
    const bench = NodeBench.ready({ multicast: false });
    for (let host = 1; host <= peers; host++) BenchPeer.met(bench, `10.1.0.${host}:7946`);
    bench.advance(1000);
    bench.forget();
    const start = bench.now;
    bench.publish('a');
    bench.advance(3000);
    expect([timesOf(bench, 'repair', start), timesOf(bench, 'beacon', start)]).toEqual([[25], beacons]);
  });

  it('is heard by those who missed it, and no double to the others', () => {
    const { bench } = setUp();
    const other = BenchPeer.met(bench, '10.0.0.3:7946');
    const bytes = other.batch(['missed'], 1);
    other.say(other.repair(0n, bytes), true);
    other.say(other.repair(0n, bytes), true);
    expect(bench.keys()).toEqual(['missed']);
    expect(bench.node.stats().counters).toMatchObject({ repaired: 1, duplicates: 0 });
  });
});
