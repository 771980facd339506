import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { Simulator } from '../../lib/simulation/simulator.js';
import { deliveries, type Mesh, others, SECOND, settledMesh, statuses, WAYS } from '../support/sim-mesh.js';

const NOBODY = '10.77.0.1:7946';
const OWN = '10.55.0.1:7946';

function warnings(node: SimulatedNode): unknown[] {
  return node.events.flatMap((event) => (event.kind === 'warning' ? [event.warning] : []));
}

/** How long after its start the node became ready; `undefined` if it did not within 10 s. */
function readyAfter(simulator: Simulator, node: SimulatedNode): number | undefined {
  const startedAt = simulator.now;
  const isReady = (): boolean => statuses(node).includes('ready');
  return simulator.runUntil(isReady, 10 * SECOND) ? simulator.now - startedAt : undefined;
}

describe('ready', () => {
  it('comes after 300 ms without seeds, when nobody is there (seed 1)', () => {
    const simulator = new Simulator({ seed: 1 });
    expect(readyAfter(simulator, simulator.start({}))).toBe(300);
  });

  it('comes sooner when startTimeout says so (seed 2)', () => {
    const simulator = new Simulator({ seed: 2 });
    expect(readyAfter(simulator, simulator.start({ startTimeoutMs: 50 }))).toBe(50);
    expect(readyAfter(simulator, simulator.start({ startTimeoutMs: 0, cluster: 'x' }))).toBe(0);
  });

  it.each([2000, 700])('comes after a start timeout of %s ms when the seeds are silent (seed 3)', (startTimeoutMs) => {
    const simulator = new Simulator({ seed: 3 });
    const node = simulator.start({ startTimeoutMs, multicast: false }, [NOBODY]);
    expect(readyAfter(simulator, node)).toBe(startTimeoutMs);
  });

  it('comes after 300 ms when the node is its only seed, without a warning (seed 31)', () => {
    const simulator = new Simulator({ seed: 31 });
    const node = simulator.start({ multicast: false }, [OWN], OWN);
    expect(readyAfter(simulator, node)).toBe(300);
    expect(warnings(node)).toEqual([]);
  });

  it('tells of seeds that did not answer, once, and only when nobody did (seed 32)', () => {
    const simulator = new Simulator({ seed: 32 });
    const alone = simulator.start({ multicast: false }, [NOBODY, OWN], OWN);
    const nameless = simulator.start({ multicast: false, hasSeeds: true });
    simulator.run(20 * SECOND);
    expect(warnings(alone)).toEqual([{ code: 'seeds-silent', seeds: [NOBODY] }]);
    expect(warnings(nameless)).toEqual([{ code: 'seeds-silent', seeds: [] }]);
    const met = simulator.start({ multicast: false }, [NOBODY, OWN]);
    simulator.run(20 * SECOND);
    expect(warnings(met)).toEqual([]);
  });

  it('waits for seeds whose names have no address yet (seed 4)', () => {
    const simulator = new Simulator({ seed: 4 });
    expect(readyAfter(simulator, simulator.start({ hasSeeds: true }))).toBe(2000);
  });

  it('comes at most 300 ms after the first peer, when another seed is silent (seed 5)', () => {
    const { simulator, nodes } = settledMesh({ seed: 5, way: 'seed', count: 1 });
    const node = simulator.start({ multicast: false }, [NOBODY, nodes[0]!.endpoint]);
    const after = readyAfter(simulator, node);
    expect(after).toBeGreaterThan(300);
    expect(after).toBeLessThan(304);
  });

  it.each([1, 10, 50])('comes as soon as the seed and all %s that it knows are met (seed 6)', (count) => {
    const { simulator, nodes, join } = settledMesh({ seed: 6, way: 'seed', count });
    const after = readyAfter(simulator, join());
    expect(after).toBeLessThan(15);
    expect(nodes.at(-1)!.node.stats().members).toBe(count);
  });

  it('does not wait for members that a seed knows and nobody reaches (seed 7)', () => {
    const { simulator, nodes, join } = settledMesh({ seed: 7, way: 'seed', count: 5 });
    simulator.crash(nodes[4]!);
    const after = readyAfter(simulator, join());
    expect(after).toBeGreaterThan(300);
    expect(after).toBeLessThan(304);
  });

  it('comes once, whatever happens later (seed 8)', () => {
    const { simulator, nodes } = settledMesh({ seed: 8, way: 'group', count: 5 });
    simulator.run(60 * SECOND);
    for (const node of nodes) expect(statuses(node)).toEqual(['joining', 'ready']);
  });
});

describe.each(WAYS)('a node that is ready, by %s', (way) => {
  /** Joins, and publishes as soon as it is ready; all others publish once a millisecond meanwhile. */
  function joinAmongPublishers({ simulator, nodes, join }: Mesh): { joiner: SimulatedNode; later: string[] } {
    const joiner = join();
    const later: string[] = [];
    let isReady = false;
    for (let at = 0; at < 600; at++) {
      simulator.after(at, () => {
        const key = `k${at}`;
        simulator.publish(nodes[at % (nodes.length - 1)]!, [key]);
        if (isReady) later.push(key);
        if (isReady || !statuses(joiner).includes('ready')) return;
        isReady = true;
        simulator.publish(joiner, ['at last']);
      });
    }
    simulator.run(SECOND);
    return { joiner, later };
  }

  it.each([1, 2, 3, 4, 5])('is heard by all, and hears all (seed 1%s)', (seed) => {
    const mesh = settledMesh({ seed: 10 + seed, way, count: 8 });
    const { joiner, later } = joinAmongPublishers(mesh);
    expect(later.length).toBeGreaterThan(100);
    const heard = new Map<string, number>();
    for (const { key } of joiner.delivered) heard.set(key, (heard.get(key) ?? 0) + 1);
    expect(later.filter((key) => heard.get(key) !== 1)).toEqual([]);
    expect([...heard.values()].every((times) => times === 1)).toBe(true);
    expect(deliveries(others(mesh.nodes, joiner), 'at last')).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('sends then what was published before (seed 21)', () => {
    const { simulator, nodes, join } = settledMesh({ seed: 21, way, count: 4 });
    const joiner = join();
    simulator.publish(joiner, ['early', 'early', 'other']);
    simulator.run(SECOND);
    expect(deliveries(others(nodes, joiner), 'early')).toEqual([1, 1, 1, 1]);
    expect(deliveries(others(nodes, joiner), 'other')).toEqual([1, 1, 1, 1]);
  });
});
