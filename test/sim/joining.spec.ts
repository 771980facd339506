import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { knowAll, passes, SECOND, startMesh, statuses, WAYS } from '../support/sim-mesh.js';

function isReady(node: SimulatedNode): boolean {
  return statuses(node).join() === 'joining,ready';
}

describe.each(WAYS)('joining by %s', (way) => {
  it.each([
    { count: 2, spacingMs: 0, seed: 1 },
    { count: 10, spacingMs: 0, seed: 2 },
    { count: 50, spacingMs: 0, seed: 3 },
    { count: 2, spacingMs: 200, seed: 4 },
    { count: 10, spacingMs: 200, seed: 5 },
    { count: 50, spacingMs: 20, seed: 6 },
  ])('lets $count know each other at once, started $spacingMs ms apart (seed $seed)', ({ count, spacingMs, seed }) => {
    const { simulator, nodes } = startMesh({ seed, way, count, spacingMs });
    expect(passes(simulator, () => knowAll(nodes), 100)).toBe(true);
    expect(passes(simulator, () => nodes.every(isReady), 400)).toBe(true);
    simulator.run(30 * SECOND);
    expect(knowAll(nodes)).toBe(true);
    expect(nodes.every(isReady)).toBe(true);
    expect(nodes.every(({ node }) => node.stats().counters.lost === 0)).toBe(true);
  });

  it.each([
    { count: 10, loss: 0.1, withinMs: 10 * SECOND, seed: 11 },
    { count: 50, loss: 0.1, withinMs: 15 * SECOND, seed: 12 },
    { count: 10, loss: 0.3, withinMs: 40 * SECOND, seed: 13 },
    { count: 50, loss: 0.3, withinMs: 60 * SECOND, seed: 14 },
  ])('lets $count know each other at a loss of $loss within $withinMs ms (seed $seed)', (plan) => {
    const conditions = { loss: plan.loss, duplication: 0.1, reordering: 0.2, jitterMs: 5 };
    const { simulator, nodes } = startMesh({ seed: plan.seed, way, count: plan.count, conditions });
    expect(passes(simulator, () => knowAll(nodes), plan.withinMs)).toBe(true);
    expect(passes(simulator, () => nodes.every(isReady), 2 * SECOND)).toBe(true);
    const { lost, duplicated, delayed } = simulator.network.counts;
    expect([lost, duplicated, delayed].every((count) => count > 0)).toBe(true);
  });

  it('brings many together with 6 datagrams a pair, and 4 more by the group, at most (seed 21)', () => {
    const count = way === 'group' ? 80 : 150;
    const { simulator, nodes } = startMesh({ seed: 21, way, count });
    expect(passes(simulator, () => nodes.every(({ node }) => node.stats().members === count - 1), 100)).toBe(true);
    const pairs = (count * (count - 1)) / 2;
    expect(simulator.network.counts.sent / pairs).toBeLessThan(way === 'group' ? 10.3 : 6.3);
  });

  it.each([
    { count: 10, seed: 31 },
    { count: 50, seed: 32 },
  ])('takes a joiner among $count in without an avalanche (seed $seed)', ({ count, seed }) => {
    const { simulator, nodes, traffic, join } = startMesh({ seed, way, count });
    simulator.run(6 * SECOND);
    traffic.record();
    join();
    expect(passes(simulator, () => knowAll(nodes), 200)).toBe(true);
    simulator.run(SECOND);
    // Two greetings to the group and a heartbeat go to everyone; a handshake is 4, and the rest is telling others.
    expect(traffic.unicast('hello', 'hello-ack').length).toBeLessThanOrEqual(5 * count);
    expect(traffic.of('peers', 'ping', 'pong').length).toBeLessThanOrEqual(2 * count);
    expect(traffic.all().length).toBeLessThanOrEqual(18 * count);
  });
});
