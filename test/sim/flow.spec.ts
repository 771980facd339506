import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { passes, SECOND, settledMesh, WAYS } from '../support/sim-mesh.js';

/** A host reads and handles so many datagrams a millisecond: 50. */
const CONDITIONS = { receiveMs: 0.02 } as const;
const COUNT = 1500;

/** Keys of which each fills a datagram. */
function longKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${'x'.repeat(1000)}${index}`);
}

function deliveredCount({ delivered }: SimulatedNode): number {
  return new Set(delivered.map(({ key }) => key)).size;
}

function resyncCount({ node }: SimulatedNode): number {
  return node.stats().counters.resyncsRaised;
}

describe.each(WAYS)('a publisher at full speed in a mesh by %s', (way) => {
  it('overruns nobody, and every key arrives (seed 1)', () => {
    const { simulator, nodes } = settledMesh({ seed: 1, way, count: 4, conditions: CONDITIONS });
    const [publisher, ...rest] = nodes;
    simulator.publish(publisher!, longKeys(COUNT));
    expect(passes(simulator, () => rest.every((node) => deliveredCount(node) === COUNT), SECOND)).toBe(true);
    expect(simulator.network.counts.overrun).toBe(0);
    expect(nodes.map(resyncCount)).toEqual([0, 0, 0, 0]);
  });

  it('overruns nobody together with another (seed 2)', () => {
    const { simulator, nodes } = settledMesh({ seed: 2, way, count: 4, conditions: CONDITIONS });
    const [one, other, ...rest] = nodes;
    simulator.publish(one!, longKeys(COUNT));
    simulator.publish(
      other!,
      longKeys(COUNT).map((key) => `${key} of the other`),
    );
    expect(passes(simulator, () => rest.every((node) => deliveredCount(node) === 2 * COUNT), 2 * SECOND)).toBe(true);
    expect(simulator.network.counts.overrun).toBe(0);
    expect(nodes.map(resyncCount)).toEqual([0, 0, 0, 0]);
  });

  it('is not held up by one that stops reading for 2 s, which is told of what it missed (seed 3)', () => {
    const { simulator, nodes } = settledMesh({ seed: 3, way, count: 4, conditions: CONDITIONS });
    const [publisher, stalled, ...rest] = nodes;
    const keys = longKeys(COUNT);
    simulator.publish(publisher!, keys.slice(0, 200));
    simulator.run(1);
    simulator.stall(stalled!, 2 * SECOND);
    simulator.publish(publisher!, keys.slice(200));
    expect(passes(simulator, () => rest.every((node) => deliveredCount(node) === COUNT), SECOND)).toBe(true);
    expect(simulator.network.counts.overrun).toBeGreaterThan(0);
    simulator.run(8 * SECOND);
    const heard = new Set(stalled!.delivered.map(({ key }) => key));
    const resyncs = stalled!.events.flatMap((event) => (event.kind === 'resync' ? [event.buckets] : []));
    const isCovered = (key: string): boolean => resyncs.some((buckets) => buckets === 'all' || buckets.matches(key));
    expect(keys.filter((key) => !heard.has(key) && !isCovered(key))).toEqual([]);
    expect(rest.map(resyncCount)).toEqual([0, 0]);
    simulator.publish(publisher!, ['after']);
    simulator.run(SECOND);
    expect(stalled!.delivered.at(-1)?.key).toBe('after');
  });
});
