import { describe, expect, it } from '@jest/globals';

import type { NodeEvent, ResyncReason } from '../../lib/core/node-event.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { limits } from '../support/limits.js';
import { deliveries, idOf, knowAll, MINUTE, passes, SECOND, settledMesh, WAYS } from '../support/sim-mesh.js';

type Resync = Extract<NodeEvent, { kind: 'resync' }>;

/** A node that can repeat nothing. */
const FORGETFUL = { limits: limits({ repairBytes: 0 }) };

function resyncs({ events }: SimulatedNode): Resync[] {
  return events.filter((event): event is Resync => event.kind === 'resync');
}

function reasons(nodes: readonly SimulatedNode[]): ResyncReason[][] {
  return nodes.map((node) => resyncs(node).map(({ reason }) => reason));
}

function covers({ buckets }: Resync, key: string): boolean {
  return buckets === 'all' || buckets.matches(key);
}

/** Keys of which each fills a datagram. */
function longKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${'x'.repeat(1000)}${index}`);
}

describe.each(WAYS)('a resync in a mesh by %s', (way) => {
  it('has the reason join when a peer is met late that has said much (seed 1)', () => {
    const mesh = settledMesh({ seed: 1, way, count: 2 });
    const { simulator, nodes } = mesh;
    const [node, friend] = nodes;
    simulator.network.partition([node!.endpoint], ['10.0.0.3:7946']);
    const late = simulator.start({ multicast: way === 'group' }, [friend!.endpoint], '10.0.0.3:7946');
    simulator.run(SECOND);
    const keys = Array.from({ length: 65 }, (_, index) => `key ${index}`);
    for (const key of keys) {
      simulator.publish(late, [key]);
      simulator.run(1);
    }
    simulator.network.heal();
    expect(passes(simulator, () => knowAll([node!, friend!, late]), MINUTE)).toBe(true);
    simulator.run(SECOND);
    const [resync, ...more] = resyncs(node!);
    expect(resync).toMatchObject({ reason: 'join', origin: idOf(late, node!) });
    expect(keys.every((key) => covers(resync!, key))).toBe(true);
    expect([resync!.buckets === 'all', more, reasons([friend!, late])]).toEqual([false, [], [[], []]]);
  });

  it('has the reason gap, and names buckets, when what was lost can not be repeated (seed 2)', () => {
    const { simulator, nodes } = settledMesh({ seed: 2, way, count: 3, config: FORGETFUL });
    const [origin, node, other] = nodes;
    simulator.network.cut(origin!.endpoint, node!.endpoint);
    simulator.publish(origin!, ['lost', 'lost too']);
    simulator.run(30);
    simulator.network.heal();
    simulator.run(SECOND);
    const [resync] = resyncs(node!);
    expect(resync).toMatchObject({ reason: 'gap', origin: idOf(origin!, node!) });
    expect(resync!.buckets === 'all' ? 'all' : resync!.buckets.size).toBe(2);
    expect([covers(resync!, 'lost'), covers(resync!, 'lost too'), covers(resync!, 'another')]).toEqual([
      true,
      true,
      false,
    ]);
    expect([deliveries(nodes, 'lost'), reasons(nodes)]).toEqual([
      [0, 0, 1],
      [[], ['gap'], []],
    ]);
    expect(other!.node.stats().counters.resyncsRaised).toBe(0);
  });

  it('has the reason gap, and means everything, when its origin lives and can not be reached (seed 3)', () => {
    const { simulator, nodes } = settledMesh({ seed: 3, way, count: 3, config: FORGETFUL });
    const [origin, node, other] = nodes;
    simulator.network.partition([origin!.endpoint], [node!.endpoint]);
    simulator.publish(origin!, ['lost']);
    const start = simulator.now;
    // The other one tells of it by its heartbeats.
    const isTold = (): boolean => resyncs(node!).length > 0;
    expect(simulator.runUntil(isTold, 5 * SECOND + 5 * SECOND)).toBe(true);
    expect(resyncs(node!)).toMatchObject([{ reason: 'gap', origin: idOf(origin!, other!), buckets: 'all' }]);
    expect([simulator.now - start > 5 * SECOND, idOf(origin!, node!)]).toEqual([true, idOf(origin!, other!)]);
    simulator.run(MINUTE);
    expect(reasons(nodes)).toEqual([[], ['gap'], []]);
  });

  it('has the reason overrun when more was lost than a window holds (seed 4)', () => {
    const { simulator, nodes } = settledMesh({ seed: 4, way, count: 3 });
    const [origin, node] = nodes;
    const keys = longKeys(1100);
    simulator.network.cut(origin!.endpoint, node!.endpoint);
    simulator.publish(origin!, keys);
    simulator.run(3 * SECOND);
    expect(origin!.node.stats().pendingKeys).toBe(0);
    simulator.network.heal();
    simulator.run(10 * SECOND);
    const [resync] = resyncs(node!);
    expect(resync).toMatchObject({ reason: 'overrun', origin: idOf(origin!, node!) });
    expect([resync!.buckets === 'all', keys.every((key) => covers(resync!, key))]).toEqual([false, true]);
    expect(reasons(nodes)).toEqual([[], ['overrun'], []]);
  });

  it('has the reason peer-lost when a peer goes and nobody can repeat what it said (seed 5)', () => {
    const { simulator, nodes } = settledMesh({ seed: 5, way, count: 4, config: FORGETFUL });
    const [origin, node] = nodes;
    const id = idOf(origin!, node!);
    simulator.network.cut(origin!.endpoint, node!.endpoint);
    simulator.publish(origin!, ['lost']);
    simulator.run(1);
    simulator.network.heal();
    simulator.leave(origin!);
    simulator.run(MINUTE);
    expect(resyncs(node!)).toMatchObject([{ reason: 'peer-lost', origin: id, buckets: 'all' }]);
    expect([deliveries(nodes, 'lost'), reasons(nodes)]).toEqual([
      [0, 0, 1, 1],
      [[], ['peer-lost'], [], []],
    ]);
  });

  it('has the reason peer-lost when a peer dies that nobody else has heard of (seed 10)', () => {
    const { simulator, nodes } = settledMesh({ seed: 10, way, count: 2 });
    const [node, other] = nodes;
    simulator.network.partition([other!.endpoint], ['10.0.0.3:7946']);
    const origin = simulator.start({ multicast: way === 'group' }, [node!.endpoint], '10.0.0.3:7946');
    simulator.run(10 * SECOND);
    const id = idOf(origin, node!);
    simulator.crash(origin);
    simulator.run(MINUTE);
    expect(resyncs(node!)).toMatchObject([{ reason: 'peer-lost', origin: id, buckets: 'all' }]);
    expect(reasons([other!])).toEqual([[]]);
  });

  it('is none when a peer dies and those who heard it can repeat it (seed 6)', () => {
    const { simulator, nodes } = settledMesh({ seed: 6, way, count: 4 });
    const [origin, node] = nodes;
    simulator.network.cut(origin!.endpoint, node!.endpoint);
    simulator.publish(origin!, ['lost']);
    simulator.run(1);
    simulator.crash(origin!);
    simulator.run(MINUTE);
    expect([deliveries(nodes, 'lost'), reasons(nodes)]).toEqual([
      [0, 1, 1, 1],
      [[], [], [], []],
    ]);
  });

  it('has the reason heal when a partition ends and what was said beyond can not be repeated (seed 7)', () => {
    const { simulator, nodes } = settledMesh({ seed: 7, way, count: 4, config: FORGETFUL });
    const endpoints = nodes.map(({ endpoint }) => endpoint);
    const [origin] = nodes;
    simulator.network.partition(endpoints.slice(0, 2), endpoints.slice(2));
    simulator.run(MINUTE);
    simulator.publish(origin!, ['said beyond']);
    simulator.run(MINUTE);
    expect(reasons(nodes)).toEqual([[], [], [], []]);
    simulator.network.heal();
    expect(passes(simulator, () => knowAll(nodes), 2 * MINUTE)).toBe(true);
    simulator.run(10 * SECOND);
    expect([deliveries(nodes, 'said beyond'), reasons(nodes)]).toEqual([
      [0, 1, 0, 0],
      [[], [], ['heal'], ['heal']],
    ]);
    for (const [resync] of nodes.slice(2).map(resyncs)) {
      expect([resync!.origin, covers(resync!, 'said beyond')]).toEqual([idOf(origin!, nodes[1]!), true]);
    }
  });

  it('is none when a partition ends and what was said beyond can be repeated (seed 8)', () => {
    const { simulator, nodes } = settledMesh({ seed: 8, way, count: 4 });
    const endpoints = nodes.map(({ endpoint }) => endpoint);
    simulator.network.partition(endpoints.slice(0, 2), endpoints.slice(2));
    simulator.run(MINUTE);
    simulator.publish(nodes[0]!, ['said beyond']);
    simulator.run(MINUTE);
    simulator.network.heal();
    expect(passes(simulator, () => knowAll(nodes), 2 * MINUTE)).toBe(true);
    simulator.run(10 * SECOND);
    expect([deliveries(nodes, 'said beyond'), reasons(nodes)]).toEqual([
      [0, 1, 1, 1],
      [[], [], [], []],
    ]);
  });

  it('has the reason overload when a peer has more to say than may wait (seed 9)', () => {
    const config = { limits: limits({ pendingKeys: 10 }) };
    const { simulator, nodes } = settledMesh({ seed: 9, way, count: 3, config });
    const [origin, ...others] = nodes;
    const keys = Array.from({ length: 11 }, (_, index) => `key ${index}`);
    expect(simulator.publish(origin!, keys)).toBeDefined();
    simulator.run(SECOND);
    expect(reasons(nodes)).toEqual([[], ['overload'], ['overload']]);
    for (const node of others) {
      const [resync] = resyncs(node);
      expect([resync!.origin, keys.every((key) => covers(resync!, key))]).toEqual([idOf(origin!, node), true]);
    }
  });
});
