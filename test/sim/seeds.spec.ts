import { describe, expect, it } from '@jest/globals';

import { Simulator } from '../../lib/simulation/simulator.js';
import { Traffic } from '../support/sim-traffic.js';
import {
  deliveries,
  knowAll,
  lostCount,
  MINUTE,
  passes,
  SECOND,
  settledMesh,
  startMesh,
  statuses,
} from '../support/sim-mesh.js';

const NOBODY = '10.77.0.1:7946';
const OTHER_ADDRESS = '10.88.0.1:7946';

describe('seeds', () => {
  it('may name the node itself, by any of its addresses (seed 1)', () => {
    const traffic = new Traffic();
    const simulator = new Simulator({ seed: 1, onCarry: (carriage) => traffic.note(carriage) });
    const node = simulator.start({ multicast: false });
    simulator.addAddress(node, OTHER_ADDRESS);
    simulator.changeSeeds(node, [node.endpoint, OTHER_ADDRESS]);
    traffic.record();
    simulator.run(5 * MINUTE);
    expect(traffic.all()).toEqual([]);
    expect(node.node.peers()).toEqual([]);
  });

  it('may name the node by an address that it does not know to be its own (seed 2)', () => {
    const traffic = new Traffic();
    const simulator = new Simulator({ seed: 2, onCarry: (carriage) => traffic.note(carriage) });
    const node = simulator.start({ multicast: false }, [OTHER_ADDRESS]);
    simulator.addAddress(node, OTHER_ADDRESS, false);
    simulator.run(20 * SECOND);
    traffic.record();
    simulator.run(5 * MINUTE);
    expect(traffic.all()).toEqual([]);
    expect(node.node.stats()).toMatchObject({ members: 0, unverified: 0 });
  });

  it('may name one node by two addresses (seed 3)', () => {
    const { simulator, nodes, traffic } = startMesh({ seed: 3, way: 'seed', count: 1 });
    const [seed] = nodes;
    simulator.addAddress(seed!, OTHER_ADDRESS);
    const joiner = simulator.start({ multicast: false }, [seed!.endpoint, OTHER_ADDRESS]);
    simulator.run(20 * SECOND);
    expect([seed!, joiner].map(({ node }) => node.stats().members)).toEqual([1, 1]);
    traffic.record();
    simulator.publish(joiner, ['once']);
    simulator.run(MINUTE);
    expect(deliveries([seed!], 'once')).toEqual([1]);
    expect(traffic.of('hello', 'hello-ack', 'peers')).toEqual([]);
    expect(traffic.of('batch')).toHaveLength(1);
  });

  it('are found when they come up later (seed 4)', () => {
    const { simulator } = startMesh({ seed: 4, way: 'seed', count: 0 });
    const early = simulator.start({ multicast: false }, [NOBODY]);
    simulator.run(5 * MINUTE);
    expect(statuses(early)).toEqual(['joining', 'ready']);
    const late = simulator.start({ multicast: false }, [], NOBODY);
    expect(passes(simulator, () => knowAll([early, late]), 5 * SECOND)).toBe(true);
    simulator.publish(early, ['hello']);
    simulator.run(SECOND);
    expect(deliveries([late], 'hello')).toEqual([1]);
  });

  it('are followed when they change, and forgotten when they are named no more (seed 5)', () => {
    const { simulator, traffic } = startMesh({ seed: 5, way: 'seed', count: 0 });
    const node = simulator.start({ multicast: false }, [NOBODY]);
    simulator.run(MINUTE);
    const other = simulator.start({ multicast: false });
    simulator.changeSeeds(node, [other.endpoint]);
    expect(passes(simulator, () => knowAll([node, other]), 100)).toBe(true);
    traffic.record();
    simulator.run(MINUTE);
    expect(traffic.all().filter(({ to }) => to === NOBODY)).toEqual([]);
    for (let change = 0; change < 5000; change++) {
      simulator.changeSeeds(node, [`10.79.${change >> 8}.${change & 255}:7946`]);
      simulator.run(100);
    }
    expect(node.node.stats()).toMatchObject({ members: 1, unverified: 1 });
  });

  it('learn of each other through whoever names both (seed 6)', () => {
    const { simulator } = startMesh({ seed: 6, way: 'seed', count: 0 });
    const islands = [0, 1, 2].map(() => simulator.start({ multicast: false }));
    simulator.run(MINUTE);
    const bridge = simulator.start(
      { multicast: false },
      islands.map(({ endpoint }) => endpoint),
    );
    expect(passes(simulator, () => knowAll([...islands, bridge]), 200)).toBe(true);
  });
});

describe('clusters', () => {
  it('on one group never meet, nor hear each other (seed 7)', () => {
    const { simulator, nodes } = settledMesh({ seed: 7, way: 'group', count: 3 });
    const others = [0, 1, 2].map(() => simulator.start({ cluster: 'other' }, [nodes[0]!.endpoint]));
    simulator.run(MINUTE);
    expect(knowAll(nodes)).toBe(true);
    expect(knowAll(others)).toBe(true);
    simulator.publish(nodes[0]!, ['ours']);
    simulator.publish(others[0]!, ['theirs']);
    simulator.run(MINUTE);
    expect(deliveries([...nodes, ...others], 'ours')).toEqual([0, 1, 1, 0, 0, 0]);
    expect(deliveries([...nodes, ...others], 'theirs')).toEqual([0, 0, 0, 0, 1, 1]);
    for (const { node } of [...nodes, ...others]) expect(node.stats().dropped['other-cluster']).toBeGreaterThan(0);
    expect([...nodes, ...others].map(lostCount)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});

describe('clients', () => {
  it('are known as such to everyone (seed 8)', () => {
    const { simulator, nodes, join } = settledMesh({ seed: 8, way: 'seed', count: 3 });
    const client = join({ client: true, zone: 'eu' });
    simulator.run(SECOND);
    for (const { node } of nodes.slice(0, 3)) {
      const peer = node.peers().find(({ endpoint }) => endpoint === client.endpoint);
      expect(peer).toMatchObject({ client: true, zone: 'eu', legacy: false });
    }
    expect(client.node.peers().every((peer) => !peer.client)).toBe(true);
    simulator.publish(client, ['from a client']);
    simulator.run(SECOND);
    expect(deliveries(nodes, 'from a client')).toEqual([1, 1, 1, 0]);
  });
});
