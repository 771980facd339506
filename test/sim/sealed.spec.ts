import { describe, expect, it } from '@jest/globals';
import type { SealingMode } from '../../lib/core/sealing.js';
import type { Carriage } from '../../lib/simulation/simulator-observer.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { PacketType } from '../../lib/wire/packet.js';
import {
  knowAll,
  lostCount,
  type Mesh,
  MINUTE,
  passes,
  SECOND,
  startMesh,
  statesTold,
  warnings,
  WAYS,
} from '../support/sim-mesh.js';
import { OTHER_SECRET, rotate, SECRET, sealed, type SealedNodeConfig } from '../support/sim-sealing.js';

const HEARTBEAT_MS = 1000;

interface SealedMesh extends Mesh {
  readonly configs: SealedNodeConfig[];
  readonly add: (mode?: SealingMode, secrets?: readonly string[]) => SimulatedNode;
}

function meshOf(seed: number, way: 'group' | 'seed', loss = 0): SealedMesh {
  const mesh = startMesh({ seed, way, count: 0, conditions: { loss }, config: { heartbeatMs: HEARTBEAT_MS } });
  const configs: SealedNodeConfig[] = [];
  mesh.traffic.record();
  const add = (mode?: SealingMode, secrets?: readonly string[]): SimulatedNode => {
    const config = sealed(mode, secrets);
    configs.push(config);
    return mesh.join(config);
  };
  return { ...mesh, configs, add };
}

function together(mesh: SealedMesh, nodes: readonly SimulatedNode[] = mesh.nodes): boolean {
  return passes(mesh.simulator, () => knowAll(nodes), MINUTE);
}

function keysOf({ delivered }: SimulatedNode): string[] {
  return delivered.map(({ key }) => key).sort();
}

function isSealed({ bytes }: Carriage): boolean {
  return bytes[1] === PacketType.SEALED;
}

/** All that a node has told its application, and what it keeps of others. */
function standing(node: SimulatedNode): unknown {
  const { members } = node.node.stats();
  return { members, peers: node.node.peers().map(({ id }) => id), events: node.events.length, keys: keysOf(node) };
}

describe.each(WAYS)('a sealed mesh by %s', (way) => {
  it('comes together, delivers, and shows nothing (seed 1)', () => {
    const mesh = meshOf(1, way);
    for (let index = 0; index < 4; index++) mesh.add();
    expect(together(mesh)).toBe(true);
    mesh.simulator.publish(mesh.nodes[0]!, ['invalidate:user:42', 'invalidate:user:42:again']);
    mesh.simulator.run(SECOND);
    for (const node of mesh.nodes.slice(1))
      expect(keysOf(node)).toEqual(['invalidate:user:42', 'invalidate:user:42:again']);
    const carried = mesh.traffic.all();
    expect(carried.length).toBeGreaterThan(20);
    expect(carried.filter((one) => !isSealed(one))).toEqual([]);
    expect(carried.filter(({ bytes }) => bytes.includes('user') || bytes.includes('default'))).toEqual([]);
  });

  it('seals a transmission once, however many it goes to (seed 10)', () => {
    const mesh = meshOf(10, way);
    for (let index = 0; index < 4; index++) mesh.add();
    expect(together(mesh)).toBe(true);
    mesh.simulator.run(10 * SECOND);
    mesh.traffic.record();
    mesh.simulator.publish(mesh.nodes[1]!, ['a', 'b', 'c']);
    mesh.simulator.run(5);
    const self = mesh.nodes[1]!.endpoint;
    const copies = mesh.traffic.all().filter(({ from, to }) => from === self && to !== self);
    expect(copies.map(({ to }) => to).sort()).toEqual([0, 2, 3].map((index) => mesh.nodes[index]!.endpoint).sort());
    expect(new Set(copies.map(({ bytes }) => bytes.toString('hex'))).size).toBe(1);
  });

  it('repairs at 20 % loss (seed 2)', () => {
    const mesh = meshOf(2, way, 0.2);
    for (let index = 0; index < 4; index++) mesh.add();
    expect(together(mesh)).toBe(true);
    const published: string[] = [];
    for (let round = 0; round < 50; round++) {
      const key = `k:${String(round).padStart(2, '0')}`;
      published.push(key);
      mesh.simulator.publish(mesh.nodes[0]!, [key]);
      mesh.simulator.run(100);
    }
    mesh.simulator.run(10 * SECOND);
    for (const node of mesh.nodes.slice(1)) expect(keysOf(node)).toEqual(published);
    const { counters } = mesh.nodes[1]!.node.stats();
    expect(counters.gaps).toBeGreaterThan(0);
    expect(counters.resyncsRaised).toBe(0);
  });

  it('does not hear those with another secret, and says so once (seed 3)', () => {
    const mesh = meshOf(3, way);
    const right = [mesh.add(), mesh.add()];
    const wrong = mesh.add('strict', [OTHER_SECRET]);
    expect(together(mesh, right)).toBe(true);
    mesh.simulator.publish(wrong, ['forged']);
    mesh.simulator.run(10 * SECOND);
    expect(right.flatMap(keysOf)).toEqual([]);
    // By seeds the wrong one speaks to its seed only.
    const told = way === 'group' ? right : right.slice(0, 1);
    for (const node of told) {
      expect(warnings(node).filter((code) => code === 'unreadable')).toHaveLength(1);
      expect(node.node.unreadable(mesh.simulator.now)).toMatchObject([
        { endpoint: wrong.endpoint, reason: 'other-secret' },
      ]);
    }
  });

  it('changes its key without a gap (seed 4)', () => {
    const mesh = meshOf(4, way);
    for (let index = 0; index < 3; index++) mesh.add();
    expect(together(mesh)).toBe(true);
    let published = 0;
    const flow = (): void => {
      for (let round = 0; round < 20; round++) {
        for (const node of mesh.nodes) mesh.simulator.publish(node, [`k:${published}`]);
        published++;
        mesh.simulator.run(10);
      }
    };
    const rings = [[SECRET, OTHER_SECRET], [OTHER_SECRET, SECRET], [OTHER_SECRET]];
    for (const ring of rings) {
      for (const config of mesh.configs) {
        rotate(config, ...ring);
        flow();
      }
    }
    mesh.simulator.run(SECOND);
    for (const node of mesh.nodes) {
      expect(new Set(keysOf(node)).size).toBe(published);
      expect(node.delivered).toHaveLength(2 * published);
      expect(node.node.stats().counters).toMatchObject({ gaps: 0, resyncsRaised: 0, lost: 0 });
    }
  });

  it('tells a member that was forgotten in a rotation as unreadable, and gives it up (seed 5)', () => {
    const mesh = meshOf(5, way);
    const [first, second] = [mesh.add(), mesh.add()];
    expect(together(mesh)).toBe(true);
    rotate(mesh.configs[1]!, OTHER_SECRET);
    mesh.simulator.run(20 * SECOND);
    expect(statesTold(first, second.endpoint)).toEqual(['alive', 'unreadable', 'dead']);
    expect(lostCount(first)).toBe(1);
  });

  it('is rolled out from plain, node by node, without a gap (seed 6)', () => {
    const mesh = startMesh({ seed: 6, way, count: 3, config: { heartbeatMs: HEARTBEAT_MS } });
    expect(passes(mesh.simulator, () => knowAll(mesh.nodes), MINUTE)).toBe(true);
    let running = [...mesh.nodes];
    for (const mode of ['accept-plain', 'send-both', 'strict'] as const) {
      for (let index = 0; index < 3; index++) {
        mesh.simulator.leave(running[index]!);
        mesh.simulator.run(SECOND);
        const seeds =
          way === 'group' ? [] : running.filter((_, other) => other !== index).map(({ endpoint }) => endpoint);
        const config = { multicast: way === 'group', heartbeatMs: HEARTBEAT_MS };
        running = running.with(index, mesh.simulator.start({ ...config, ...sealed(mode) }, seeds));
        expect(passes(mesh.simulator, () => knowAll(running), MINUTE)).toBe(true);
        for (const node of running) mesh.simulator.publish(node, [`${mode}:${index}`]);
        mesh.simulator.run(SECOND);
        for (const node of running) {
          expect(keysOf(node).filter((key) => key === `${mode}:${index}`)).toHaveLength(2);
          expect(node.node.stats().counters.resyncsRaised).toBe(0);
        }
      }
    }
  });
});

describe.each(WAYS)('a recorded conversation by %s', (way) => {
  /** A mesh in which something of everything was said, and all of it. */
  function record(seed: number): { mesh: SealedMesh; recorded: readonly Carriage[] } {
    const mesh = meshOf(seed, way, 0.1);
    for (let index = 0; index < 3; index++) mesh.add();
    expect(together(mesh)).toBe(true);
    for (let round = 0; round < 20; round++) {
      for (const node of mesh.nodes) mesh.simulator.publish(node, [`k:${round}`]);
      mesh.simulator.run(200);
    }
    const leaver = mesh.add();
    expect(together(mesh)).toBe(true);
    mesh.simulator.publish(leaver, ['last']);
    mesh.simulator.leave(leaver);
    mesh.nodes.pop();
    mesh.simulator.run(10 * SECOND);
    return { mesh, recorded: [...mesh.traffic.all()] };
  }

  it('changes nothing at those who had it (seed 7)', () => {
    const { mesh, recorded } = record(7);
    const before = mesh.nodes.map(standing);
    for (const node of mesh.nodes) {
      for (const { from, bytes, viaGroup } of recorded) mesh.simulator.inject(from, node, bytes, viaGroup);
      mesh.simulator.run(SECOND);
    }
    expect(recorded.length).toBeGreaterThan(200);
    expect(mesh.nodes.map(standing)).toEqual(before);
    for (const node of mesh.nodes) expect(node.node.stats().dropped.replayed).toBeGreaterThan(recorded.length / 2);
  });

  it('changes nothing at one that was restarted, nor at one that is new (seed 8)', () => {
    const { mesh, recorded } = record(8);
    mesh.simulator.crash(mesh.nodes[1]!);
    // What it said last is no matter any more when the others come.
    mesh.simulator.run(20 * SECOND);
    const seeds = way === 'group' ? [] : [mesh.nodes[0]!.endpoint];
    const config = { multicast: way === 'group', heartbeatMs: HEARTBEAT_MS };
    const restarted = mesh.simulator.start({ ...config, ...sealed() }, seeds, mesh.nodes[1]!.endpoint);
    const fresh = mesh.simulator.start({ ...config, ...sealed() }, seeds);
    const running = [mesh.nodes[0]!, mesh.nodes[2]!, restarted, fresh];
    expect(passes(mesh.simulator, () => knowAll(running), MINUTE)).toBe(true);
    mesh.simulator.run(10 * SECOND);
    const before = running.map(standing);
    for (const node of [restarted, fresh]) {
      for (const { from, bytes, viaGroup } of recorded) {
        mesh.simulator.inject(from, node, bytes, viaGroup);
        mesh.simulator.run(5);
      }
    }
    mesh.simulator.run(10 * SECOND);
    expect(running.map(standing)).toEqual(before);
  });

  it('makes nobody of a node that is alone (seed 9)', () => {
    const { mesh, recorded } = record(9);
    for (const node of mesh.nodes) mesh.simulator.crash(node);
    const alone = mesh.simulator.start({ multicast: way === 'group', heartbeatMs: HEARTBEAT_MS, ...sealed() });
    mesh.simulator.run(10 * SECOND);
    const before = standing(alone);
    for (const { from, bytes, viaGroup } of recorded) {
      mesh.simulator.inject(from, alone, bytes, viaGroup);
      mesh.simulator.run(5);
    }
    mesh.simulator.run(10 * SECOND);
    expect(standing(alone)).toEqual(before);
    expect(alone.node.stats().members).toBe(0);
  });
});
