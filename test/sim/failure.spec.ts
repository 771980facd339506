import { describe, expect, it } from '@jest/globals';

import type { PeerState } from '../../lib/membership/peer-view.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import {
  HOUR,
  knowAll,
  lostCount,
  type Mesh,
  MINUTE,
  passes,
  SECOND,
  settledMesh,
  startMesh,
  statesTold,
  WAYS,
} from '../support/sim-mesh.js';

const HEARTBEAT = 5 * SECOND;

/** When `node` told of that state of the peer, counted from now; `undefined` if it did not within `withinMs`. */
function whenTold(mesh: Mesh, node: SimulatedNode, peer: SimulatedNode, state: PeerState): number | undefined {
  const since = mesh.simulator.now;
  const seen = (): boolean => statesTold(node, peer.endpoint).includes(state);
  return mesh.simulator.runUntil(seen, MINUTE) ? mesh.simulator.now - since : undefined;
}

describe.each(WAYS)('failure detection by %s', (way) => {
  it('suspects after 3 heartbeats and gives up after 5 (seed 1)', () => {
    const mesh = settledMesh({ seed: 1, way, count: 5 });
    const [victim, ...rest] = mesh.nodes;
    const lastHeardAt = mesh.simulator.now;
    mesh.simulator.crash(victim!);
    const suspected = whenTold(mesh, rest[0]!, victim!, 'suspect');
    expect(suspected).toBeGreaterThan(2 * HEARTBEAT);
    expect(suspected).toBeLessThanOrEqual(3 * HEARTBEAT + 1);
    expect(passes(mesh.simulator, () => rest.every((node) => lostCount(node) === 1), 4 * HEARTBEAT)).toBe(true);
    expect(mesh.simulator.now - lastHeardAt).toBeGreaterThan(4 * HEARTBEAT);
    expect(mesh.simulator.now - lastHeardAt).toBeLessThanOrEqual(5.1 * HEARTBEAT);
    for (const node of rest) expect(statesTold(node, victim!.endpoint)).toEqual(['alive', 'suspect', 'dead']);
    mesh.simulator.run(5 * MINUTE);
    expect(knowAll(rest)).toBe(true);
    expect(rest.map(lostCount)).toEqual([1, 1, 1, 1]);
  });

  it('judges each by the interval that it announced (seed 2)', () => {
    const mesh = startMesh({ seed: 2, way, count: 2, config: { heartbeatMs: 20_000 } });
    const quick = mesh.join({ heartbeatMs: 200 });
    mesh.simulator.run(MINUTE);
    expect(knowAll(mesh.nodes)).toBe(true);
    const [slow, watcher] = mesh.nodes;
    mesh.simulator.crash(quick);
    const gone = whenTold(mesh, watcher!, quick, 'dead');
    expect(gone).toBeGreaterThan(800);
    expect(gone).toBeLessThan(1100);
    mesh.simulator.crash(slow!);
    mesh.simulator.run(3 * 18_000);
    expect(statesTold(watcher!, slow!.endpoint)).toEqual(['alive']);
    mesh.simulator.run(MINUTE);
    expect(statesTold(watcher!, slow!.endpoint)).toEqual(['alive', 'suspect', 'dead']);
  });

  it('keeps a member alive that others still reach, and notices when they do not (seed 3)', () => {
    const mesh = settledMesh({ seed: 3, way, count: 6 });
    const { simulator, nodes } = mesh;
    const [one, other, ...rest] = nodes;
    simulator.network.partition([one!.endpoint], [other!.endpoint]);
    simulator.run(5 * MINUTE);
    expect(simulator.network.counts.cut).toBeGreaterThan(0);
    expect(nodes.map(lostCount)).toEqual(nodes.map(() => 0));
    expect(statesTold(one!, other!.endpoint)).toContain('suspect');
    simulator.crash(other!);
    simulator.run(MINUTE);
    expect([one!, ...rest].map(lostCount)).toEqual([1, 1, 1, 1, 1]);
  });

  it('keeps a member alive whose words are lost one way (seed 4)', () => {
    const mesh = settledMesh({ seed: 4, way, count: 4 });
    const [one, other] = mesh.nodes;
    mesh.simulator.network.cut(other!.endpoint, one!.endpoint);
    mesh.simulator.run(5 * MINUTE);
    expect(mesh.simulator.network.counts.cut).toBeGreaterThan(0);
    expect(mesh.nodes.map(lostCount)).toEqual([0, 0, 0, 0]);
    expect(statesTold(other!, one!.endpoint)).toEqual(['alive']);
  });

  it.each([5, 12, 26, 60])('calls nobody dead after a standstill of %s s (seed 5)', (seconds) => {
    const mesh = settledMesh({ seed: 5, way, count: 5 });
    const [stalled, ...rest] = mesh.nodes;
    mesh.simulator.stall(stalled!, seconds * SECOND);
    mesh.simulator.run(seconds * SECOND + HEARTBEAT);
    expect(lostCount(stalled!)).toBe(0);
    expect(stalled!.events.some((event) => event.kind === 'status' && event.status === 'isolated')).toBe(false);
    expect(rest.map(lostCount)).toEqual(rest.map(() => (seconds > 25 ? 1 : 0)));
    mesh.simulator.run(MINUTE);
    expect(knowAll(mesh.nodes)).toBe(true);
    expect(lostCount(stalled!)).toBe(0);
  });

  it.each([0.15, 0.35, 0.9, 3])('does so with heartbeats of 100 ms after a standstill of %s s (seed 6)', (seconds) => {
    const mesh = settledMesh({ seed: 6, way, count: 5, config: { heartbeatMs: 100 } });
    const [stalled] = mesh.nodes;
    mesh.simulator.stall(stalled!, seconds * SECOND);
    mesh.simulator.run(10 * SECOND);
    expect(lostCount(stalled!)).toBe(0);
    expect(knowAll(mesh.nodes)).toBe(true);
  });

  it('finds a member dead in time that crashes right after a standstill (seed 7)', () => {
    const mesh = settledMesh({ seed: 7, way, count: 3 });
    const [stalled, victim] = mesh.nodes;
    mesh.simulator.stall(stalled!, 60 * SECOND);
    mesh.simulator.run(62 * SECOND);
    mesh.simulator.crash(victim!);
    mesh.simulator.run(6 * HEARTBEAT);
    expect(statesTold(stalled!, victim!.endpoint).at(-1)).toBe('dead');
  });

  it('comes through hours at 10 % loss without a false death (seed 8)', () => {
    const mesh = settledMesh({ seed: 8, way, count: 5, conditions: { loss: 0.1 } });
    mesh.simulator.run(2 * HOUR);
    expect(mesh.simulator.network.counts.lost).toBeGreaterThan(1000);
    expect(mesh.nodes.map(lostCount)).toEqual(mesh.nodes.map(() => 0));
  });

  it('finds each again at 30 % loss (seed 9)', () => {
    const mesh = settledMesh({ seed: 9, way, count: 10, conditions: { loss: 0.3 } });
    const [victim, ...rest] = mesh.nodes;
    mesh.simulator.run(10 * MINUTE);
    expect(passes(mesh.simulator, () => knowAll(mesh.nodes), MINUTE)).toBe(true);
    mesh.simulator.crash(victim!);
    expect(passes(mesh.simulator, () => knowAll(rest), MINUTE)).toBe(true);
  });
});
