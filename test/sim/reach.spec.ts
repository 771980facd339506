import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { deliveries, type Mesh, MINUTE, others, SECOND, settledMesh, warnings } from '../support/sim-mesh.js';

const HEARTBEAT = 5 * SECOND;

/** Publishes one key each `everyMs`, for that long, and returns the keys. */
function publishFor({ simulator }: Mesh, node: SimulatedNode, forMs: number, everyMs = 200): string[] {
  const keys: string[] = [];
  const prefix = `t${simulator.now}`;
  for (let at = 0; at < forMs; at += everyMs) {
    const key = `${prefix}:${at}`;
    keys.push(key);
    simulator.after(at, () => void simulator.publish(node, [key]));
  }
  simulator.run(forMs);
  return keys;
}

function missed(node: SimulatedNode, keys: readonly string[]): string[] {
  const heard = new Set(node.delivered.map(({ key }) => key));
  return keys.filter((key) => !heard.has(key));
}

function duplicates(nodes: readonly SimulatedNode[]): number {
  return nodes.reduce((sum, { node }) => sum + node.stats().counters.duplicates, 0);
}

describe('reach', () => {
  it.each([
    { count: 2, seed: 1 },
    { count: 10, seed: 2 },
  ])('sends nothing twice to any of $count while the group works, for minutes (seed $seed)', ({ count, seed }) => {
    const mesh = settledMesh({ seed, way: 'group', count });
    const [publisher] = mesh.nodes;
    const keys = publishFor(mesh, publisher!, 5 * MINUTE, SECOND);
    mesh.simulator.run(SECOND);
    expect(mesh.traffic.unicast('batch', 'heartbeat')).toEqual([]);
    expect(mesh.traffic.of('ping', 'peers', 'hello', 'hello-ack')).toEqual([]);
    expect(duplicates(mesh.nodes)).toBe(0);
    for (const node of others(mesh.nodes, publisher!)) expect(missed(node, keys)).toEqual([]);
  });

  it('lets unicast take over within 3 heartbeats when the group stops, and hand back when it returns (seed 3)', () => {
    const mesh = settledMesh({ seed: 3, way: 'group', count: 10 });
    const { simulator, nodes, traffic } = mesh;
    const [publisher, ...rest] = nodes;
    const { network } = simulator;
    network.conditions = { ...network.conditions, multicast: false };
    publishFor(mesh, publisher!, 3 * HEARTBEAT);
    const afterwards = publishFor(mesh, publisher!, 10 * HEARTBEAT);
    simulator.run(SECOND);
    expect(network.counts.cut).toBeGreaterThan(0);
    for (const node of rest) expect(missed(node, afterwards)).toEqual([]);
    for (const node of nodes) expect(warnings(node)).toEqual(['multicast-unheard']);
    expect(nodes.map(({ node }) => node.stats().counters.lost)).toEqual(nodes.map(() => 0));
    network.conditions = { ...network.conditions, multicast: true };
    simulator.run(2 * HEARTBEAT);
    traffic.record();
    const again = publishFor(mesh, publisher!, MINUTE);
    simulator.run(SECOND);
    expect(traffic.unicast('batch', 'heartbeat')).toEqual([]);
    for (const node of rest) expect(missed(node, again)).toEqual([]);
    network.conditions = { ...network.conditions, multicast: false };
    simulator.run(MINUTE);
    for (const node of nodes) expect(warnings(node)).toEqual(['multicast-unheard']);
  });

  it('sends to one that does not hear the group by itself, and to no other (seed 4)', () => {
    const mesh = settledMesh({ seed: 4, way: 'group', count: 10 });
    const { simulator, nodes, traffic } = mesh;
    const [publisher, deaf, ...rest] = nodes;
    simulator.network.cutGroup(deaf!.endpoint);
    publishFor(mesh, publisher!, 3 * HEARTBEAT);
    traffic.record();
    const keys = publishFor(mesh, publisher!, 2 * MINUTE);
    simulator.run(SECOND);
    expect(missed(deaf!, keys)).toEqual([]);
    for (const node of rest) expect(missed(node, keys)).toEqual([]);
    expect(new Set(traffic.unicast('batch', 'heartbeat').map(({ to }) => to))).toEqual(new Set([deaf!.endpoint]));
    expect(nodes.flatMap((node) => warnings(node)).filter((code) => code === 'multicast-unheard')).toEqual([]);
    expect(duplicates(nodes)).toBe(0);
    simulator.network.heal();
    simulator.run(2 * HEARTBEAT);
    traffic.record();
    publishFor(mesh, publisher!, MINUTE);
    expect(traffic.unicast('batch', 'heartbeat')).toEqual([]);
  });

  it('reaches everyone at 30 % loss without taking the group for broken for long (seed 5)', () => {
    const mesh = settledMesh({ seed: 5, way: 'group', count: 10, conditions: { loss: 0.3 } });
    const [publisher] = mesh.nodes;
    publishFor(mesh, publisher!, 2 * MINUTE);
    expect(mesh.simulator.network.counts.lost).toBeGreaterThan(0);
    const batches = mesh.traffic.of('batch');
    expect(batches.filter(({ viaGroup }) => !viaGroup).length).toBeLessThan(batches.length / 10);
    expect(mesh.nodes.flatMap((node) => warnings(node))).toEqual([]);
  });

  it('sends by itself to those who use no group (seed 6)', () => {
    const mesh = settledMesh({ seed: 6, way: 'group', count: 3 });
    const [publisher] = mesh.nodes;
    const groupless = mesh.simulator.start({ multicast: false }, [publisher!.endpoint]);
    mesh.simulator.run(5 * HEARTBEAT);
    mesh.traffic.record();
    const key = 'to all';
    mesh.simulator.publish(publisher!, [key]);
    mesh.simulator.publish(groupless, ['from it']);
    mesh.simulator.run(SECOND);
    expect(deliveries([...mesh.nodes, groupless], key)).toEqual([0, 1, 1, 1]);
    expect(deliveries([...mesh.nodes, groupless], 'from it')).toEqual([1, 1, 1, 0]);
    const sent = mesh.traffic.unicast('batch').map(({ from, to }) => `${from} ${to}`);
    const expected = mesh.nodes.map(({ endpoint }) => `${groupless.endpoint} ${endpoint}`);
    expect(sent.sort()).toEqual([...expected, `${publisher!.endpoint} ${groupless.endpoint}`].sort());
  });
});
