import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import {
  deliveries,
  knowAll,
  lostCount,
  MINUTE,
  others,
  passes,
  SECOND,
  settledMesh,
  startMesh,
  statesTold,
  statuses,
  WAYS,
} from '../support/sim-mesh.js';

/** What a node's farewell may take on an idle network, where its first goodbye is acknowledged by all. */
const FAREWELL_MS = 5;
/** And where goodbyes or their answers are lost: then it stays to repeat what was missed. */
const LONGEST_FAREWELL_MS = 501;

function leftCount({ node }: SimulatedNode): number {
  return node.stats().counters.left;
}

describe.each(WAYS)('leaving by %s', (way) => {
  it.each([
    { loss: 0, withinMs: FAREWELL_MS },
    { loss: 0.2, withinMs: LONGEST_FAREWELL_MS },
  ])('is known to everyone at once at a loss of $loss, and stays so (seed 1)', ({ loss, withinMs }) => {
    const { simulator, nodes, traffic } = settledMesh({ seed: 1, way, count: 10 });
    const [leaver, ...rest] = nodes;
    simulator.network.conditions = { ...simulator.network.conditions, loss };
    simulator.leave(leaver!);
    expect(passes(simulator, () => !leaver!.running, withinMs)).toBe(true);
    expect(statuses(leaver!).at(-1)).toBe('left');
    const goodbyes = traffic.of('leave').length;
    if (loss === 0) expect(goodbyes).toBe(rest.length);
    else expect([goodbyes > rest.length, goodbyes < 3 * rest.length]).toEqual([true, true]);
    expect(rest.map(leftCount)).toEqual(rest.map(() => 1));
    for (const node of rest) expect(statesTold(node, leaver!.endpoint)).toEqual(['alive', 'left']);
    simulator.run(5 * MINUTE);
    expect(knowAll(rest)).toBe(true);
    expect(rest.map(lostCount)).toEqual(rest.map(() => 0));
    if (loss > 0) expect(simulator.network.counts.lost).toBeGreaterThan(0);
  });

  it('takes a seed out that everyone greets again when it goes (seed 2)', () => {
    const { simulator, nodes } = settledMesh({ seed: 2, way: 'seed', count: 5 });
    const [seed, ...rest] = nodes;
    simulator.leave(seed!);
    simulator.run(SECOND);
    expect(knowAll(rest)).toBe(true);
    simulator.run(MINUTE);
    expect(rest.map(lostCount)).toEqual([0, 0, 0, 0]);
    expect(rest.map(leftCount)).toEqual([1, 1, 1, 1]);
  });

  it('takes nobody in that is just being left (seed 3)', () => {
    const { simulator, nodes, join } = settledMesh({ seed: 3, way, count: 3 });
    const [leaver, ...rest] = nodes;
    simulator.leave(leaver!);
    simulator.run(5);
    const joiner = join();
    simulator.run(2 * MINUTE);
    expect(knowAll([...rest, joiner])).toBe(way === 'group');
    expect([...rest, joiner].map(lostCount)).toEqual([0, 0, 0]);
    expect(statesTold(joiner, leaver!.endpoint)).toEqual([]);
  });

  it('sends everything that waits before it goes (seed 4)', () => {
    const { simulator, nodes } = settledMesh({ seed: 4, way, count: 4 });
    const [leaver, ...rest] = nodes;
    const keys = Array.from({ length: 2000 }, (_, index) => `a key of some length, number ${index}`);
    simulator.publish(leaver!, ['first']);
    simulator.publish(leaver!, keys);
    simulator.leave(leaver!);
    expect(passes(simulator, () => !leaver!.running, SECOND)).toBe(true);
    for (const { delivered } of rest) expect(delivered.map(({ key }) => key).sort()).toEqual(['first', ...keys].sort());
  });

  it('repeats what its goodbye has overtaken, which then comes for nothing (seed 5)', () => {
    const { simulator, nodes } = settledMesh({ seed: 5, way, count: 2 });
    const [leaver, other] = nodes;
    simulator.publish(leaver!, ['late']);
    const { network } = simulator;
    network.conditions = { ...network.conditions, latencyMs: 2 * SECOND, duplication: 1 };
    simulator.run(1);
    network.conditions = { ...network.conditions, latencyMs: 0.5, duplication: 0 };
    simulator.leave(leaver!);
    simulator.run(20);
    expect([leftCount(other!), leaver!.running]).toEqual([1, false]);
    expect(deliveries([other!], 'late')).toEqual([1]);
    const { repaired, duplicates } = other!.node.stats().counters;
    expect([repaired, duplicates]).toEqual([1, 0]);
    simulator.run(3 * SECOND);
    expect(deliveries([other!], 'late')).toEqual([1]);
    expect(other!.node.stats().counters.duplicates).toBe(2);
    expect(other!.node.peers()).toEqual([]);
  });

  it('makes nobody isolated, however many go (seed 6)', () => {
    const { simulator, nodes } = settledMesh({ seed: 6, way, count: 4 });
    const [last, ...rest] = nodes;
    for (const node of rest) {
      simulator.leave(node);
      simulator.run(SECOND);
    }
    simulator.run(5 * MINUTE);
    expect(statuses(last!)).toEqual(['joining', 'ready']);
    simulator.leave(last!);
    simulator.run(1);
    expect(statuses(last!).at(-1)).toBe('left');
  });

  it('is over at once when nobody is there, whatever waits (seed 7)', () => {
    const { simulator, nodes } = startMesh({ seed: 7, way, count: 1 });
    simulator.run(MINUTE);
    simulator.publish(nodes[0]!, ['to nobody', 'at all']);
    simulator.leave(nodes[0]!);
    simulator.run(1);
    expect(statuses(nodes[0]!)).toEqual(['joining', 'ready', 'left']);
  });

  it('is possible while joining, and sends what was published until then (seed 8)', () => {
    const { simulator, nodes, join } = settledMesh({ seed: 8, way, count: 3 });
    const joiner = join({ startTimeoutMs: 60_000 });
    simulator.publish(joiner, ['early']);
    simulator.run(1.9);
    expect(statuses(joiner)).toEqual(['joining']);
    simulator.leave(joiner);
    simulator.run(SECOND);
    expect(statuses(joiner)).toEqual(['joining', 'left']);
    simulator.run(MINUTE);
    const rest = others(nodes, joiner);
    expect(knowAll(rest)).toBe(true);
    expect(rest.map(lostCount)).toEqual([0, 0, 0]);
  });

  it('makes room for its successor at the same address (seed 9)', () => {
    const { simulator, nodes } = settledMesh({ seed: 9, way, count: 4 });
    const [keeper, old] = nodes;
    simulator.leave(old!);
    simulator.run(FAREWELL_MS);
    const heir = simulator.start({ multicast: way === 'group' }, [keeper!.endpoint], old!.endpoint);
    const present = [...others(nodes, old!), heir];
    expect(passes(simulator, () => knowAll(present), 200)).toBe(true);
    simulator.run(SECOND);
    simulator.publish(heir, ['new']);
    simulator.run(SECOND);
    expect(deliveries(others(present, heir), 'new')).toEqual([1, 1, 1]);
  });
});
