import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const SEED = '10.0.0.2:7946';
const STRANGERS = 900;

/** How many of many strangers, each heard once, were greeted within a tenth of a second. */
function greetedOf(bench: NodeBench, speak: (stranger: BenchPeer) => void): number {
  const greeted = new Set<string>();
  for (let index = 0; index < STRANGERS; index++) {
    const stranger = new BenchPeer(bench, `10.2.${index >> 8}.${index & 255}:7946`);
    speak(stranger);
    bench.advance(100);
    for (const { to } of bench.of('hello')) for (const endpoint of to) greeted.add(endpoint);
    bench.forget();
  }
  return greeted.size;
}

describe('Greeter', () => {
  it('greets the group and the seeds at 0, 100, 300 and 900 ms, then the seeds with each heartbeat', () => {
    const bench = new NodeBench({ hasSeeds: true });
    const start = bench.now;
    bench.input(() => bench.node.handleSeeds(bench.now, [SEED]));
    bench.input(() => bench.node.join(bench.now));
    bench.advance(60_000);
    const toGroup = bench.of('hello').filter((one) => one.toGroup);
    expect(toGroup.map(({ at }) => at - start)).toEqual([0, 100, 300, 900]);
    expect(toGroup.every(({ packet }) => packet.toGroup)).toBe(true);
    const toSeed = bench.of('hello', SEED).map(({ at }) => at - start);
    expect(toSeed.slice(0, 4)).toEqual([0, 100, 300, 900]);
    const pauses = toSeed.slice(1).map((at, index) => at - toSeed[index]!);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5000);
    expect(toSeed.at(-1)).toBeGreaterThan(54_000);
  });

  it('does not greet a group that it does not use', () => {
    const bench = NodeBench.ready({ multicast: false });
    expect(bench.sent.filter(({ toGroup }) => toGroup)).toEqual([]);
  });

  it.each([
    ['a greeting', (stranger: BenchPeer) => stranger.say(stranger.hello({ toGroup: true }), true)],
    ['a heartbeat', (stranger: BenchPeer) => stranger.say(stranger.heartbeat(), true)],
    ['an event', (stranger: BenchPeer) => stranger.say(stranger.batch(['a key of some length']), true)],
  ])('is one of about 8 to answer %s to the group (seed 77)', (_, speak) => {
    const bench = NodeBench.ready();
    for (let host = 0; host < 39; host++) BenchPeer.met(bench, `10.1.0.${host + 1}:7946`, { heartbeatMs: 20_000 });
    bench.forget();
    const share = greetedOf(bench, speak) / STRANGERS;
    expect(bench.node.stats().members).toBe(39);
    expect(Math.abs(share - 8 / 40)).toBeLessThan(0.05);
  });

  it('answers the group always while they are few', () => {
    const bench = NodeBench.ready();
    expect(greetedOf(bench, (stranger) => stranger.say(stranger.hello({ toGroup: true }), true))).toBe(STRANGERS);
  });

  it('greets a stranger once, however much of it comes at a time', () => {
    const bench = NodeBench.ready();
    const stranger = new BenchPeer(bench, SEED);
    stranger.say(stranger.hello({ toGroup: true }), true);
    stranger.say(stranger.heartbeat(), true);
    stranger.say(stranger.batch(['a']), true);
    bench.advance(50);
    expect(bench.of('hello', SEED)).toHaveLength(1);
  });

  it('does not answer the group greeting of a member', () => {
    const bench = NodeBench.ready();
    const member = BenchPeer.met(bench, SEED);
    bench.advance(1000);
    bench.forget();
    member.say(member.hello({ toGroup: true }), true);
    bench.advance(100);
    expect(bench.of('hello')).toEqual([]);
  });

  it('gives a stranger a nonce of its own in each greeting to another address', () => {
    const bench = NodeBench.ready();
    const [one, other] = [new BenchPeer(bench, SEED), new BenchPeer(bench, '10.0.0.3:7946')];
    one.greet();
    other.greet();
    expect(one.given()).not.toBe(other.given());
  });

  it('greets a member anew whose frames do not fit, once a second', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, SEED);
    bench.forget();
    for (let count = 0; count < 50; count++) {
      peer.say(peer.leave(123n));
      bench.advance(100);
    }
    expect(bench.of('hello', SEED).length).toBe(5);
    expect(bench.of('hello', SEED)[0]?.packet).toMatchObject({ echo: peer.nonce, verified: true });
    expect(peer.isPeer).toBe(true);
  });

  it('tells its members when its address changes', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, SEED);
    bench.forget();
    bench.input(() => bench.node.handleEndpoints(bench.now, [NodeBench.ADDRESS, '10.0.0.99:7946']));
    expect(bench.of('hello')).toEqual([]);
    bench.input(() => bench.node.handleEndpoints(bench.now, ['10.0.0.99:7946']));
    expect(bench.of('hello', SEED)[0]?.packet).toMatchObject({ advertised: '10.0.0.99:7946', echo: peer.nonce });
  });
});
