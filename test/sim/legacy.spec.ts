import { describe, expect, it } from '@jest/globals';

import { SeededRandom } from '../../lib/primitives/seeded-random.js';
import { Forgery } from '../support/sim-forgery.js';
import { deliveries, type Mesh, MINUTE, peerAt, SECOND, settledMesh, statesTold, WAYS } from '../support/sim-mesh.js';

const V1 = '10.50.0.1:7946';

/** As the original does: to the group, and to every peer by itself. */
function sendAsV1({ simulator, nodes }: Mesh, bytes: Buffer): void {
  for (const node of nodes) {
    simulator.inject(V1, node, bytes, true);
    simulator.after(1.5, () => simulator.inject(V1, node, bytes, false));
  }
}

function unicastToV1({ traffic }: Mesh): number {
  return traffic.all().filter(({ to }) => to === V1).length;
}

describe.each(WAYS)('a v1 node beside a mesh by %s', (way) => {
  it('is heard once, though each datagram comes twice (seed 1)', () => {
    const mesh = settledMesh({ seed: 1, way, count: 3 });
    const v1 = Forgery.byStranger(new SeededRandom(0xf01));
    sendAsV1(mesh, v1.v1Heartbeat());
    sendAsV1(mesh, v1.v1Batch(['a', 'b']));
    sendAsV1(mesh, v1.v1Invalidate('c'));
    mesh.simulator.run(SECOND);
    for (const key of ['a', 'b', 'c']) expect(deliveries(mesh.nodes, key)).toEqual([1, 1, 1]);
    expect(mesh.nodes.map(({ node }) => node.stats().counters.duplicates)).toEqual([2, 2, 2]);
  });

  it('is heard again when it announces the same key again (seed 2)', () => {
    const mesh = settledMesh({ seed: 2, way, count: 3 });
    const v1 = Forgery.byStranger(new SeededRandom(0xf02));
    for (let round = 0; round < 10; round++) {
      sendAsV1(mesh, v1.v1Batch(['same']));
      mesh.simulator.run(round < 5 ? 2 : SECOND);
    }
    mesh.simulator.run(SECOND);
    expect(deliveries(mesh.nodes, 'same')).toEqual([10, 10, 10]);
  });

  it('is heard when only one of the two copies arrives (seed 3)', () => {
    const mesh = settledMesh({ seed: 3, way, count: 1 });
    const v1 = Forgery.byStranger(new SeededRandom(0xf03));
    for (let round = 0; round < 10; round++) {
      mesh.simulator.inject(V1, mesh.nodes[0]!, v1.v1Batch(['same']), round % 2 === 0);
      mesh.simulator.run(100);
    }
    expect(deliveries(mesh.nodes, 'same')).toEqual([10]);
  });

  it('is a peer at the address that it was heard from, until 60 s of silence (seed 4)', () => {
    const mesh = settledMesh({ seed: 4, way, count: 2 });
    const [node] = mesh.nodes;
    const v1 = Forgery.byStranger(new SeededRandom(0xf04));
    sendAsV1(mesh, v1.v1Heartbeat('0.0.0.0:7946'));
    mesh.simulator.run(10);
    expect(peerAt(node!, V1)).toMatchObject({ legacy: true, state: 'alive', client: false, zone: undefined });
    mesh.simulator.run(50 * SECOND);
    sendAsV1(mesh, v1.v1Heartbeat('10.99.99.99:1'));
    mesh.simulator.run(59 * SECOND);
    expect(peerAt(node!, V1)?.legacy).toBe(true);
    mesh.simulator.run(1.1 * SECOND);
    expect(peerAt(node!, V1)).toBeUndefined();
    expect(statesTold(node!, V1)).toEqual(['alive', 'dead']);
  });

  it('gets nothing by itself (seed 5)', () => {
    const mesh = settledMesh({ seed: 5, way, count: 3 });
    const v1 = Forgery.byStranger(new SeededRandom(0xf05));
    for (let second = 0; second < 120; second++) {
      if (second % 5 === 0) sendAsV1(mesh, v1.v1Heartbeat());
      mesh.simulator.publish(mesh.nodes[0]!, [`k${second}`]);
      mesh.simulator.run(SECOND);
    }
    expect(unicastToV1(mesh)).toBe(0);
  });

  it('gets heartbeats and batches when the seeds name it, and no greeting without end (seed 6)', () => {
    const mesh = settledMesh({ seed: 6, way, count: 2 });
    const { simulator, nodes, traffic } = mesh;
    const [node] = nodes;
    simulator.changeSeeds(node!, [V1]);
    simulator.run(10 * SECOND);
    const beforeItSpoke = traffic.all().filter(({ to }) => to === V1);
    expect(beforeItSpoke.some(({ bytes }) => bytes[1] === 0x02)).toBe(true);
    const v1 = Forgery.byStranger(new SeededRandom(0xf06));
    sendAsV1(mesh, v1.v1Heartbeat('0.0.0.0:7946'));
    simulator.run(SECOND);
    simulator.publish(node!, ['for v1']);
    simulator.publish(nodes[1]!, ['not by this one']);
    simulator.run(SECOND);
    const batches = traffic.of('batch').filter(({ to }) => to === V1);
    expect(batches.map(({ from }) => from)).toEqual([node!.endpoint]);
    traffic.record();
    simulator.run(5 * MINUTE);
    const greetings = traffic.of('hello').filter(({ to }) => to === V1);
    expect(greetings.length).toBeLessThanOrEqual((5 * MINUTE) / (4.5 * SECOND) + 1);
  });

  it('is company enough for a node not to call itself isolated (seed 7)', () => {
    const mesh = settledMesh({ seed: 7, way, count: 2 });
    const v1 = Forgery.byStranger(new SeededRandom(0xf07));
    mesh.simulator.crash(mesh.nodes[1]!);
    mesh.nodes.pop();
    for (let beat = 0; beat < 20; beat++) {
      sendAsV1(mesh, v1.v1Heartbeat());
      mesh.simulator.run(5 * SECOND);
    }
    const [node] = mesh.nodes;
    expect(node!.events.flatMap((event) => (event.kind === 'status' ? [event.status] : []))).toEqual([
      'joining',
      'ready',
    ]);
  });
});
