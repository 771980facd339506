import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';

describe('Pulse', () => {
  it('beats a little before each heartbeat is over, at random', () => {
    const bench = NodeBench.ready();
    bench.advance(600_000);
    const times = bench.of('heartbeat').map(({ at }) => at);
    const pauses = times.slice(1).map((at, index) => at - times[index]!);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(4500);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5000);
    expect(new Set(pauses).size).toBeGreaterThan(100);
  });

  it('says who it is, where it lives, what it has sent and whom it knows', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    bench.publish('a');
    bench.advance(0);
    bench.publish('b');
    bench.advance(5000);
    expect(bench.of('heartbeat').at(-1)?.packet).toMatchObject({
      address: NodeBench.ADDRESS,
      trailer: { sequence: 2, floor: 1 },
      members: { count: 1 },
    });
  });

  it('goes to the group once, and by itself to those who do not hear it', () => {
    const bench = NodeBench.ready();
    const hears = BenchPeer.met(bench, PEER);
    BenchPeer.met(bench, '10.0.0.3:7946');
    bench.advance(4000);
    hears.say(hears.heartbeat());
    bench.forget();
    bench.advance(5000);
    expect(bench.of('heartbeat').map(({ toGroup, to }) => [toGroup, to])).toEqual([[true, ['10.0.0.3:7946']]]);
  });

  it('tells of a newcomer soon: the newcomer and three others, not everyone', () => {
    const bench = NodeBench.ready({ multicast: false });
    for (let host = 0; host < 20; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
    bench.advance(500);
    bench.forget();
    const at = bench.now;
    BenchPeer.met(bench, PEER);
    bench.advance(100);
    const [early] = bench.of('heartbeat');
    expect(early!.at - at).toBeLessThan(20 + 2 * 21);
    expect(early!.to).toContain(PEER);
    expect(early!.to.length).toBeLessThanOrEqual(4);
    expect(early!.packet.members?.count).toBe(21);
  });

  it('tells of a rush of newcomers a few times, not of each', () => {
    const bench = NodeBench.ready({ multicast: false });
    for (let host = 0; host < 40; host++) {
      BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
      bench.advance(1);
    }
    bench.advance(200);
    expect(bench.of('heartbeat').length).toBeLessThanOrEqual(3);
  });

  it('does not trouble the group with one newcomer', () => {
    const bench = NodeBench.ready();
    for (let host = 0; host < 20; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
    bench.advance(500);
    bench.forget();
    BenchPeer.met(bench, PEER);
    bench.advance(100);
    expect(bench.of('heartbeat').map(({ toGroup }) => toGroup)).toEqual([false]);
    expect(bench.of('heartbeat', PEER)).toHaveLength(1);
  });

  it('tells the group, once, when many are new', () => {
    const bench = NodeBench.ready();
    for (let host = 0; host < 20; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
    bench.forget();
    bench.advance(200);
    expect(bench.of('heartbeat').map(({ toGroup }) => toGroup)).toEqual([true]);
  });

  it('does not put off the next regular heartbeat for an early one', () => {
    const bench = NodeBench.ready({ multicast: false });
    const keeper = BenchPeer.met(bench, '10.1.0.1:7946');
    bench.advance(5000);
    bench.forget();
    let regular = 0;
    for (let host = 2; host < 12; host++) {
      BenchPeer.met(bench, `10.1.0.${host}:7946`);
      keeper.say(keeper.heartbeat());
      bench.advance(1000);
      regular += bench.of('heartbeat').filter(({ to }) => to.length >= host - 1).length;
      bench.forget();
    }
    expect(regular).toBeGreaterThanOrEqual(2);
  });

  it('tries one address with each heartbeat where somebody fell silent', () => {
    const bench = NodeBench.ready({ multicast: false });
    for (let host = 0; host < 5; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`);
    bench.advance(30_000);
    expect(bench.node.peers()).toEqual([]);
    bench.forget();
    bench.advance(300_000);
    const tried = bench.of('hello').map(({ to }) => to[0]);
    expect(new Set(tried).size).toBe(5);
    expect(tried.length).toBeLessThanOrEqual((2 * 300_000) / 4500 + 2);
  });
});
