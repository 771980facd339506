import { describe, expect, it } from '@jest/globals';

import { CacheWorld } from '../../../../lib/simulation/proof/cache-world.js';
import { type Expectations, Oracle, type Violation } from '../../../../lib/simulation/proof/oracle.js';
import type { WorldNode } from '../../../../lib/simulation/proof/world-node.js';

const SECOND = 1000;
const KEYS = ['g1:a', 'g1:b', 'g2:a'];

function settledWorld(count = 3, onIsolation: 'serve' | 'flush' = 'serve'): { world: CacheWorld; nodes: WorldNode[] } {
  const world = new CacheWorld({ seed: 1, conditions: {}, onIsolation, config: { heartbeatMs: 1000 }, keys: KEYS });
  const nodes = Array.from({ length: count }, () => world.start());
  world.simulator.run(10 * SECOND);
  return { world, nodes };
}

function cut(world: CacheWorld, from: WorldNode, ...to: WorldNode[]): void {
  for (const { simulated } of to) world.simulator.network.cut(from.simulated.endpoint, simulated.endpoint);
}

function judge(world: CacheWorld, expectations: Partial<Expectations> = {}): readonly Violation[] {
  return new Oracle(world, { resyncs: 'any', ...expectations }).judge();
}

function kinds(violations: readonly Violation[]): string[] {
  return violations.map(({ kind, node }) => (node === undefined ? kind : `${kind} ${node}`));
}

describe('Oracle', () => {
  it('finds nothing where everything was heard, but that nothing was lost', () => {
    const { world, nodes } = settledWorld();
    world.write(nodes[0]!, ['g1:a']);
    world.writeMatching(nodes[1]!, 'g1:*');
    world.simulator.run(SECOND);
    world.readAll();
    expect(kinds(judge(world))).toEqual(['untested']);
    expect(judge(world, { maySpare: true })).toEqual([]);
  });

  it('finds what is stale, and who was not told, before it is repaired, and nothing after', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[1]!);
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(10);
    expect(world.staleCount()).toBe(1);
    const found = judge(world);
    expect(kinds(found)).toEqual(['stale n1', 'untold n1']);
    expect(found[0]).toMatchObject({ origin: 'n0', key: 'g1:a', since: 10 * SECOND });
    expect(found[0]!.text).toBe('n1 holds version 0 of g1:a, which is at 1; missed: n0 published g1:a at 10000.00');
    expect(found[1]!.text).toBe('n1 neither delivered batch n0#1, sent at 10000.00, nor was told');
    world.simulator.network.heal();
    world.simulator.run(10 * SECOND);
    expect(judge(world)).toEqual([]);
    expect(world.meter.eventDrops).toBeGreaterThan(0);
  });

  it('finds what a pattern has made stale', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[1]!, nodes[2]!);
    world.writeMatching(nodes[0]!, 'g1:*');
    world.simulator.run(10);
    expect(kinds(judge(world))).toEqual(['stale n1', 'stale n1', 'stale n2', 'stale n2', 'untold n1', 'untold n2']);
  });

  it('does not ask for what died with its writer, nor of those who are gone', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[1]!, nodes[2]!);
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(10);
    world.crash(nodes[0]!);
    expect(world.staleCount()).toBe(2);
    expect(judge(world)).toEqual([]);
  });

  it('asks for it when one who lives has heard it', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[1]!);
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(10);
    world.crash(nodes[0]!);
    expect(kinds(judge(world))).toEqual(['stale n1', 'untold n1']);
    world.simulator.run(30 * SECOND);
    expect(judge(world)).toEqual([]);
  });

  it('asks for it when one who lives has been told by the writer how far it had come', () => {
    const { world, nodes } = settledWorld();
    const [writer, ...deaf] = nodes;
    cut(world, writer!, ...deaf);
    world.write(writer!, ['g1:a']);
    world.simulator.run(10);
    const before = judge(world);
    expect(kinds(before)).toEqual(['stale n1', 'stale n2', 'untold n1', 'untold n2']);
    // The repeated datagram is lost too; the beacon after it is heard, and then there is no time left for a question.
    world.simulator.run(30);
    world.simulator.network.heal();
    world.simulator.run(11.2);
    world.crash(writer!);
    expect(kinds(judge(world))).toEqual(kinds(before));
    world.simulator.run(60 * SECOND);
    expect(judge(world)).toEqual([]);
  });

  it('counts the resyncs that nothing calls for', () => {
    const { world, nodes } = settledWorld();
    world.simulator.network.partition(
      [nodes[0]!.simulated.endpoint],
      nodes.slice(1).map(({ simulated }) => simulated.endpoint),
    );
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(30 * SECOND);
    world.simulator.network.heal();
    world.simulator.run(30 * SECOND);
    const found = judge(world, { resyncs: 0 });
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['resync']));
    expect(judge(world, { resyncs: found.length })).toEqual([]);
    expect(judge(world)).toEqual([]);
  });

  it('finds what comes right too late', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[1]!);
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(SECOND);
    world.simulator.network.heal();
    world.simulator.run(10 * SECOND);
    expect(judge(world)).toEqual([]);
    expect(judge(world, { prompt: { withinMs: 10, share: 0.5 } })).toEqual([]);
    const [slow] = judge(world, { prompt: { withinMs: 10, share: 1 } });
    expect(slow?.text).toBe('of 2 deliveries only 1 came within 10 ms, and should have been 100 %');
  });

  it('finds what was delivered twice, and what was refused', () => {
    const { world, nodes } = settledWorld();
    cut(world, nodes[0]!, nodes[2]!);
    world.write(nodes[0]!, ['g1:a']);
    world.simulator.run(5 * SECOND);
    const event = nodes[1]!.simulated.events.find(({ kind }) => kind === 'keys')!;
    nodes[1]!.handle(world.simulator.now, event);
    world.refused.push('n0 did not take it');
    expect(judge(world).map(({ text }) => text)).toEqual([
      'n0 did not take it',
      'n1 delivered n0#1 twice, again at 15000.00',
    ]);
  });
});
