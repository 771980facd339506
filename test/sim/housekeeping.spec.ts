import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { limits } from '../support/limits.js';
import { keptBy } from '../support/sim-forgery.js';
import { HOUR, knowAll, type Mesh, MINUTE, passes, SECOND, settledMesh, WAYS } from '../support/sim-mesh.js';

describe.each(WAYS)('housekeeping by %s', (way) => {
  it.each([
    { count: 1, wakesPerMinute: 15 },
    { count: 2, wakesPerMinute: 45 },
    { count: 10, wakesPerMinute: 45 },
    { count: 25, wakesPerMinute: 45 },
  ])(
    'wakes a resting node among $count at most $wakesPerMinute times a minute (seed 1)',
    ({ count, wakesPerMinute }) => {
      const { simulator, nodes } = settledMesh({ seed: 1, way, count });
      const before = nodes.map(({ wakes }) => wakes);
      simulator.run(10 * MINUTE);
      const perMinute = nodes.map(({ wakes }, index) => (wakes - before[index]!) / 10);
      expect(Math.max(...perMinute)).toBeLessThanOrEqual(wakesPerMinute);
    },
  );

  it('sends a heartbeat at rest, and nothing else (seed 2)', () => {
    const { simulator, nodes, traffic } = settledMesh({ seed: 2, way, count: 10 });
    simulator.run(10 * MINUTE);
    expect(traffic.of('heartbeat')).toHaveLength(traffic.all().length);
    const copies = way === 'group' ? nodes.length : nodes.length - 1;
    expect(traffic.all().length).toBeLessThanOrEqual((10 * MINUTE * nodes.length * copies) / (4.5 * SECOND));
  });

  it('keeps nothing of the many that come and go in a day (seed 3)', () => {
    const few = limits({ peers: 60, unverifiedPeers: 50, pendingKeys: 1000 });
    const mesh = settledMesh({ seed: 3, way, count: 6, config: { limits: few, heartbeatMs: 20_000 } });
    const kept = comeAndGo(mesh, 24 * HOUR, 10 * MINUTE);
    expect(kept.came).toBe(144);
    expect(passes(mesh.simulator, () => knowAll(mesh.nodes), 2 * MINUTE)).toBe(true);
    expect(kept.most).toBeLessThan(6 + few.unverifiedPeers);
    mesh.simulator.run(10 * MINUTE);
    // One of the addresses where somebody fell silent is tried with each heartbeat.
    expect(Math.max(...mesh.nodes.map(keptBy))).toBeLessThanOrEqual(mesh.nodes.length);
  });
});

/** One of the mesh but the first is replaced each `everyMs`: by turns it crashes, and says goodbye. */
function comeAndGo(mesh: Mesh, forMs: number, everyMs: number): { came: number; most: number } {
  const { simulator, nodes, join } = mesh;
  let came = 0;
  let most = 0;
  for (let at = 0; at < forMs; at += everyMs) {
    const [gone] = nodes.splice(1 + (came % (nodes.length - 1)), 1);
    if (came % 2 === 0) simulator.crash(gone!);
    else simulator.leave(gone!);
    simulator.run(everyMs / 2);
    join();
    came++;
    simulator.run(everyMs / 2);
    most = Math.max(most, ...nodes.map((node: SimulatedNode) => keptBy(node)));
  }
  return { came, most };
}
