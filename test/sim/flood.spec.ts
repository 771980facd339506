import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { randomBelow } from '../../lib/primitives/random.js';
import { SeededRandom } from '../../lib/primitives/seeded-random.js';
import { limits } from '../support/limits.js';
import { Forgery, keptBy } from '../support/sim-forgery.js';
import {
  deliveries,
  knowAll,
  lostCount,
  type Mesh,
  MINUTE,
  others,
  passes,
  SECOND,
  settledMesh,
  WAYS,
} from '../support/sim-mesh.js';

const LIMITS = limits({ peers: 100, unverifiedPeers: 200, pendingKeys: 1000, sendsInFlight: 64 });
const FORGED = 100_000;

interface Flood {
  readonly random: SeededRandom;
  readonly perMs: number;
  readonly forMs: number;
}

const KINDS: readonly ((forgery: Forgery) => Buffer)[] = [
  (forgery) => forgery.heartbeat(),
  (forgery) => forgery.hello(),
  (forgery) => forgery.hello({ toGroup: true }),
  (forgery) => forgery.batch(['forged']),
  (forgery) => forgery.v1Heartbeat(),
  (forgery) => forgery.v1Batch(['forged']),
];

/** Forged datagrams of all kinds from random ids and addresses, to all nodes in turn. */
function flood({ simulator, nodes }: Mesh, targets: readonly SimulatedNode[], { random, perMs, forMs }: Flood): void {
  for (let at = 0; at < forMs; at++) {
    simulator.after(at, () => {
      for (let count = 0; count < perMs; count++) {
        const forgery = Forgery.byStranger(random);
        const from = `10.${100 + randomBelow(random, 100)}.${randomBelow(random, 250)}.1:${1 + randomBelow(random, 60_000)}`;
        const target = targets[randomBelow(random, targets.length)] ?? nodes[0]!;
        simulator.inject(from, target, KINDS[count % KINDS.length]!(forgery), count % 3 === 0);
      }
    });
  }
}

describe.each(WAYS)('a flood of strangers in a mesh by %s', (way) => {
  it('of 100,000 fills no table, and touches no member (seed 1)', () => {
    const mesh = settledMesh({ seed: 1, way, count: 4, config: { limits: LIMITS } });
    const { simulator, nodes } = mesh;
    flood(mesh, nodes, { random: new SeededRandom(0xf01), perMs: 50, forMs: FORGED / 50 });
    let most = 0;
    passes(simulator, () => ((most = Math.max(most, ...nodes.map(keptBy))), false), FORGED / 50);
    expect(most).toBeGreaterThan(LIMITS.unverifiedPeers / 2);
    expect(most).toBeLessThanOrEqual(LIMITS.unverifiedPeers + nodes.length);
    expect(nodes.every(({ node }) => node.peers().length <= LIMITS.unverifiedPeers + nodes.length)).toBe(true);
    simulator.publish(nodes[0]!, ['true']);
    simulator.run(SECOND);
    expect(deliveries(others(nodes, nodes[0]!), 'true')).toEqual([1, 1, 1]);
    simulator.run(2 * MINUTE);
    expect(knowAll(nodes)).toBe(true);
    expect(nodes.map(({ node }) => node.stats().unverified)).toEqual(nodes.map(() => 0));
    const legacyLost = nodes.map(({ events }) =>
      events.filter((event) => event.kind === 'peer' && event.peer.legacy && event.peer.state === 'dead'),
    );
    expect(nodes.map(lostCount)).toEqual(legacyLost.map(({ length }) => length));
  });

  it('lets a new node join meanwhile (seed 2)', () => {
    const mesh = settledMesh({ seed: 2, way, count: 4 });
    const { simulator, nodes, join } = mesh;
    flood(mesh, nodes, { random: new SeededRandom(0xf02), perMs: 60, forMs: 1000 });
    simulator.run(500);
    const joiner = join();
    expect(passes(simulator, () => nodes.every(({ node }) => node.stats().members === 4), 500)).toBe(true);
    simulator.publish(joiner, ['from the new']);
    simulator.run(100);
    expect(deliveries(others(nodes, joiner), 'from the new')).toEqual([1, 1, 1, 1]);
  });
});
