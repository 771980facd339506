import { describe, expect, it } from '@jest/globals';

import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { SeededRandom } from '../../lib/primitives/seeded-random.js';
import { PacketType } from '../../lib/wire/packet.js';
import { Forgery } from '../support/sim-forgery.js';
import {
  idOf,
  knowAll,
  lostCount,
  type Mesh,
  MINUTE,
  SECOND,
  settledMesh,
  statesTold,
  WAYS,
} from '../support/sim-mesh.js';

const VICTIM = '10.66.66.66:7946';

/** Injects in the name of `from` and counts what it cost. */
function inject(mesh: Mesh, to: SimulatedNode, from: string, datagrams: readonly Buffer[], viaGroup = false): number {
  for (const bytes of datagrams) mesh.simulator.inject(from, to, bytes, viaGroup);
  return datagrams.reduce((sum, bytes) => sum + bytes.length, 0);
}

/** What a node says to all needs no nonce: who can name its sender, can say it. */
function isEvent(bytes: Buffer): boolean {
  return bytes[1] === PacketType.BATCH || bytes[1] === PacketType.BUCKETS;
}

describe.each(WAYS)('spoofed datagrams in a mesh by %s', (way) => {
  it.each(['unicast', 'group'])(
    'draw three times their bytes at most to the address they name, by %s (seed 1)',
    (by) => {
      const mesh = settledMesh({ seed: 1, way, count: 5 });
      const random = new SeededRandom(0xf01);
      const [target, known] = mesh.nodes;
      const member = idOf(known!, target!);
      const kinds = Forgery.byStranger(random).everything(member, VICTIM).length;
      for (let kind = 0; kind < kinds; kind++) {
        const victim = `10.66.0.${kind + 1}:7946`;
        for (let minute = 0; minute < 5; minute++) {
          let sent = 0;
          for (let second = 0; second < 60; second++) {
            const forged = Forgery.byStranger(random).everything(member, VICTIM)[kind]!;
            sent += inject(mesh, target!, victim, [forged], by === 'group');
            mesh.simulator.run(SECOND);
          }
          expect(mesh.traffic.bytesTo(victim)).toBeLessThanOrEqual(3 * sent);
          mesh.traffic.record();
        }
      }
      expect(mesh.traffic.bytesTo(VICTIM)).toBe(0);
      expect(mesh.nodes.map(lostCount)).toEqual([0, 0, 0, 0, 0]);
    },
  );

  it('draw so little also in a burst, and none later (seed 2)', () => {
    const mesh = settledMesh({ seed: 2, way, count: 5 });
    const random = new SeededRandom(0xf02);
    const [target, known] = mesh.nodes;
    let sent = 0;
    for (let round = 0; round < 200; round++) {
      const forged = Forgery.byStranger(random).everything(idOf(known!, target!), VICTIM);
      sent += inject(mesh, target!, VICTIM, forged, round % 2 === 0);
    }
    mesh.simulator.run(5 * MINUTE);
    expect(mesh.traffic.bytesTo(VICTIM)).toBeGreaterThan(0);
    expect(mesh.traffic.bytesTo(VICTIM)).toBeLessThanOrEqual(3 * sent);
    expect(mesh.traffic.bytesTo(VICTIM)).toBeLessThan(sent);
  });

  it('draw three times their bytes at most to a member whose address they name (seed 3)', () => {
    const mesh = settledMesh({ seed: 3, way, count: 4 });
    const random = new SeededRandom(0xf03);
    const [target, member, third] = mesh.nodes;
    const quiet = quietBytesTo(mesh, member!.endpoint);
    mesh.traffic.record();
    let sent = 0;
    for (let second = 0; second < 60; second++) {
      const stranger = Forgery.byStranger(random);
      sent += inject(mesh, target!, member!.endpoint, stranger.everything(idOf(third!, target!), VICTIM));
      mesh.simulator.run(SECOND);
    }
    expect(mesh.traffic.bytesTo(member!.endpoint)).toBeLessThanOrEqual(quiet + 3 * sent);
    expect(knowAll(mesh.nodes)).toBe(true);
    expect(mesh.nodes.map(lostCount)).toEqual([0, 0, 0, 0]);
  });

  it('change nothing when they use a member’s id and not its nonce (seed 4)', () => {
    const mesh = settledMesh({ seed: 4, way, count: 4 });
    const [target, member, third] = mesh.nodes;
    const quiet = quietBytesTo(mesh, member!.endpoint);
    mesh.traffic.record();
    const forgery = new Forgery(idOf(member!, target!));
    let sent = 0;
    for (let second = 0; second < 60; second++) {
      const forged = forgery.everything(idOf(third!, target!), VICTIM).filter((bytes) => !isEvent(bytes));
      sent += inject(mesh, target!, second % 2 === 0 ? VICTIM : member!.endpoint, forged);
      mesh.simulator.run(SECOND);
    }
    expect(mesh.traffic.bytesTo(VICTIM)).toBeLessThanOrEqual(3 * sent);
    expect(mesh.traffic.bytesTo(member!.endpoint)).toBeLessThanOrEqual(quiet + 3 * sent);
    mesh.simulator.run(MINUTE);
    expect(knowAll(mesh.nodes)).toBe(true);
    for (const node of mesh.nodes) {
      expect(lostCount(node) + node.node.stats().counters.left).toBe(0);
      for (const other of mesh.nodes) if (other !== node) expect(statesTold(node, other.endpoint)).toEqual(['alive']);
    }
    expect(target!.node.stats().dropped['wrong-nonce']).toBeGreaterThan(100);
    mesh.simulator.publish(target!, ['after']);
    mesh.simulator.publish(member!, ['back']);
    mesh.simulator.run(SECOND);
    expect(member!.delivered.map(({ key }) => key)).toContain('after');
    expect(target!.delivered.map(({ key }) => key)).toContain('back');
  });

  it('do not mute a member by a sequence far ahead (seed 5)', () => {
    const mesh = settledMesh({ seed: 5, way, count: 3 });
    const [target, member] = mesh.nodes;
    const forgery = new Forgery(idOf(member!, target!));
    for (const sequence of [2 ** 47, 5000, 1025]) inject(mesh, target!, VICTIM, [forgery.batch(['forged'], sequence)]);
    mesh.simulator.run(SECOND);
    expect(target!.node.stats().dropped['beyond-window']).toBe(3);
    mesh.simulator.publish(member!, ['true']);
    mesh.simulator.run(SECOND);
    expect(target!.delivered.map(({ key }) => key)).toEqual(['true']);
  });

  it('are not heard in v1’s way under an extended node’s id (seed 6)', () => {
    const mesh = settledMesh({ seed: 6, way, count: 3 });
    const [target, member] = mesh.nodes;
    const forgery = new Forgery(idOf(member!, target!));
    const stranger = Forgery.byStranger(new SeededRandom(0xf06));
    inject(mesh, target!, VICTIM, [stranger.heartbeat(), stranger.v1Batch(['downgraded'])]);
    inject(mesh, target!, member!.endpoint, [
      forgery.v1Batch(['downgraded']),
      forgery.v1Invalidate('downgraded'),
      forgery.v1Heartbeat(),
    ]);
    mesh.simulator.run(SECOND);
    expect(target!.node.stats().dropped.downgrade).toBe(4);
    expect(target!.delivered).toEqual([]);
    mesh.simulator.leave(member!);
    mesh.simulator.run(SECOND);
    inject(mesh, target!, member!.endpoint, [forgery.v1Batch(['downgraded'])]);
    mesh.simulator.run(SECOND);
    expect(target!.delivered).toEqual([]);
  });
});

/** What goes to that address in a minute of rest. */
function quietBytesTo(mesh: Mesh, endpoint: string): number {
  mesh.traffic.record();
  mesh.simulator.run(MINUTE);
  return mesh.traffic.bytesTo(endpoint);
}
