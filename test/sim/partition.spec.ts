import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import {
  addresses,
  deliveries,
  HOUR,
  knowAll,
  lostCount,
  type Mesh,
  MINUTE,
  others,
  passes,
  SECOND,
  settledMesh,
  statuses,
  warnings,
  WAYS,
} from '../support/sim-mesh.js';

function split({ simulator }: Mesh, one: readonly SimulatedNode[], other: readonly SimulatedNode[]): void {
  simulator.network.partition(addresses(one), addresses(other));
}

function healed(mesh: Mesh, present: readonly SimulatedNode[], withinMs: number): boolean {
  expect(mesh.simulator.network.counts.cut).toBeGreaterThan(0);
  mesh.simulator.network.heal();
  return passes(mesh.simulator, () => knowAll(present), withinMs);
}

function expectFlow({ simulator }: Mesh, present: readonly SimulatedNode[]): void {
  for (const node of present) {
    const key = `from ${node.endpoint} at ${simulator.now}`;
    simulator.publish(node, [key]);
    simulator.run(SECOND);
    expect(deliveries(others(present, node), key)).toEqual(others(present, node).map(() => 1));
  }
}

describe.each(WAYS)('a partition by %s', (way) => {
  it('that is short goes unnoticed (seed 1)', () => {
    const mesh = settledMesh({ seed: 1, way, count: 6 });
    split(mesh, mesh.nodes.slice(0, 3), mesh.nodes.slice(3));
    mesh.simulator.run(10 * SECOND);
    expect(healed(mesh, mesh.nodes, 10 * SECOND)).toBe(true);
    expect(mesh.nodes.map(lostCount)).toEqual([0, 0, 0, 0, 0, 0]);
    expectFlow(mesh, mesh.nodes);
  });

  it.each([2 * MINUTE, 30 * MINUTE, 2 * HOUR])('of %s ms heals within two heartbeats (seed 2)', (lasting) => {
    const mesh = settledMesh({ seed: 2, way, count: 10 });
    split(mesh, mesh.nodes.slice(0, 5), mesh.nodes.slice(5));
    mesh.simulator.run(lasting);
    expect(mesh.nodes.map(lostCount)).toEqual(mesh.nodes.map(() => 5));
    expect(healed(mesh, mesh.nodes, 10 * SECOND)).toBe(true);
    expectFlow(mesh, mesh.nodes);
    mesh.simulator.run(5 * MINUTE);
    expect(knowAll(mesh.nodes)).toBe(true);
  });

  it('heals when the only seed has died meanwhile (seed 3)', () => {
    const mesh = settledMesh({ seed: 3, way, count: 8 });
    const [seed, ...rest] = mesh.nodes;
    split(mesh, mesh.nodes.slice(0, 4), mesh.nodes.slice(4));
    mesh.simulator.run(5 * MINUTE);
    mesh.simulator.crash(seed!);
    mesh.simulator.run(5 * MINUTE);
    expect(healed(mesh, rest, 15 * SECOND)).toBe(true);
    expectFlow(mesh, rest);
  });

  it('of 40 heals fast, by what the first that meet tell of the others (seed 4)', () => {
    const mesh = settledMesh({ seed: 4, way, count: 40 });
    split(mesh, mesh.nodes.slice(0, 20), mesh.nodes.slice(20));
    mesh.simulator.run(2 * MINUTE);
    expect(healed(mesh, mesh.nodes, 15 * SECOND)).toBe(true);
  });

  it('isolates one that is cut off from all: one warning, and ready on return (seed 5)', () => {
    const mesh = settledMesh({ seed: 5, way, count: 5 });
    const [alone, ...rest] = mesh.nodes;
    split(mesh, [alone!], rest);
    mesh.simulator.run(14 * SECOND);
    expect(statuses(alone!)).toEqual(['joining', 'ready']);
    mesh.simulator.run(10 * MINUTE);
    expect(statuses(alone!)).toEqual(['joining', 'ready', 'isolated']);
    expect(alone!.events.filter((event) => event.kind === 'warning')).toEqual([
      { kind: 'warning', warning: { code: 'isolated', lost: 4 } },
    ]);
    for (const node of rest) expect(statuses(node)).toEqual(['joining', 'ready']);
    expect(healed(mesh, mesh.nodes, 10 * SECOND)).toBe(true);
    expect(statuses(alone!)).toEqual(['joining', 'ready', 'isolated', 'ready']);
    split(mesh, [alone!], rest);
    mesh.simulator.run(MINUTE);
    expect(warnings(alone!)).toEqual(['isolated', 'isolated']);
  });

  it('isolates the last of two when the other dies, until somebody comes (seed 6)', () => {
    const mesh = settledMesh({ seed: 6, way, count: 2 });
    const [one, other] = mesh.nodes;
    mesh.simulator.crash(other!);
    mesh.simulator.run(5 * MINUTE);
    expect(statuses(one!)).toEqual(['joining', 'ready', 'isolated']);
    mesh.simulator.start({ multicast: way === 'group' }, [one!.endpoint]);
    mesh.simulator.run(SECOND);
    expect(statuses(one!)).toEqual(['joining', 'ready', 'isolated', 'ready']);
  });
});
