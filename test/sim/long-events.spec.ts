import { describe, expect, it } from '@jest/globals';

import { bucketOf } from '../../lib/primitives/bucket-set.js';
import type { NodeEvent } from '../../lib/core/node-event.js';
import type { NodeId } from '../../lib/primitives/node-id.js';
import type { SimulatedNode } from '../../lib/simulation/simulated-node.js';
import { fragmentCount } from '../../lib/wire/fragment-codec.js';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import { limits } from '../support/limits.js';
import { idOf, knowAll, type Mesh, others, passes, SECOND, settledMesh, startMesh, WAYS } from '../support/sim-mesh.js';
import { seededRandom } from '../support/seeded-random.js';
import { sealed } from '../support/sim-sealing.js';

const LONGEST = 64 * 1024;
/** So few at once that an event takes its time. */
const SLOW = limits({ sendsInFlight: 2 });

function dataOf(key: string, length: number): Buffer {
  const random = seededRandom(bucketOf(key) + length);
  return Buffer.from(Array.from({ length }, () => random.u32() & 0xff));
}

function publish(mesh: Mesh, node: SimulatedNode, key: string, length = LONGEST): void {
  const event = {
    kind: 'key',
    key,
    data: dataOf(key, length),
    metadata: undefined,
    fragments: fragmentCount(length),
  } as const;
  expect(mesh.simulator.publishEvents(node, [event])).toBeDefined();
}

interface Outcome {
  readonly heard: number;
  readonly covered: number;
  readonly silent: string[];
}

/** What became of the events of `origin` at these: whole and once, covered by a resync of its events, or neither. */
function outcomeOf(nodes: readonly SimulatedNode[], origin: NodeId, keys: ReadonlyMap<string, number>): Outcome {
  let [heard, covered] = [0, 0];
  const silent: string[] = [];
  for (const { endpoint, events } of nodes) {
    for (const [key, length] of keys) {
      const told = events.flatMap((event) =>
        event.kind === 'keys' && event.keys.includes(key)
          ? [event.attachments?.get(event.keys.indexOf(key))?.data]
          : [],
      );
      const isWhole = told[0]?.equals(dataOf(key, length)) === true;
      if (told.length === 1 && isWhole) heard++;
      else if (told.length === 0 && events.some((event) => isOf(event, origin, key))) covered++;
      else silent.push(`${endpoint} ${key}: told ${told.length} times, ${isWhole ? 'whole' : 'not whole'}`);
    }
  }
  return { heard, covered, silent };
}

/** Whether it is a resync that covers the key. */
function isOf(event: NodeEvent, origin: NodeId, key: string): boolean {
  if (event.kind !== 'resync' || (event.origin ?? origin) !== origin) return false;
  return event.buckets === 'all' || event.buckets.matches(key);
}

describe.each(WAYS)('events longer than a datagram by %s', (way) => {
  it.each([
    { loss: 0.01, seed: 1 },
    { loss: 0.1, seed: 2 },
    { loss: 0.3, seed: 3 },
  ])('are heard whole and once by everyone at a loss of $loss (seed $seed)', ({ loss, seed }) => {
    const mesh = settledMesh({ seed, way, count: 4, conditions: { loss: 0 } });
    const { simulator, nodes } = mesh;
    const origin = idOf(nodes[0]!, nodes[1]!);
    simulator.network.conditions = { ...simulator.network.conditions, loss, duplication: 0.02, reordering: 0.05 };
    const keys = new Map<string, number>();
    for (let round = 0; round < 10; round++) {
      for (const [key, length] of [
        [`long:${round}`, LONGEST],
        [`longer than one:${round}`, 1300],
        [`medium:${round}`, 20_000],
      ] as const) {
        keys.set(key, length);
        publish(mesh, nodes[0]!, key, length);
      }
      simulator.publish(nodes[0]!, [`bare:${round}`]);
      simulator.run(100);
    }
    simulator.run(30 * SECOND);
    expect(simulator.network.counts.lost).toBeGreaterThan(10);
    const outcome = outcomeOf(others(nodes, nodes[0]!), origin, keys);
    expect(outcome).toMatchObject({ heard: 90, covered: 0, silent: [] });
  });

  it('are heard, or covered, where more is lost than can be repaired, and nodes come, go and die (seeds 10 to 29)', () => {
    let [heard, covered, lost] = [0, 0, 0];
    for (let seed = 10; seed < 30; seed++) {
      const mesh = settledMesh({
        ...{ seed, way, count: 4, conditions: { loss: 0 } },
        // So little can be repeated that some of it can not.
        config: { heartbeatMs: SECOND, limits: limits({ repairBytes: 250_000 }) },
      });
      const { simulator, nodes } = mesh;
      const origin = idOf(nodes[0]!, nodes[1]!);
      simulator.network.conditions = { ...simulator.network.conditions, loss: 0.3 };
      const keys = new Map<string, number>();
      for (let round = 0; round < 10; round++) {
        keys.set(`k:${round}`, LONGEST - round);
        publish(mesh, nodes[0]!, `k:${round}`, LONGEST - round);
        simulator.run(seed);
        if (round === 5) mesh.join();
        if (round === 7) simulator.crash(nodes[1]!);
        if (round === 8) simulator.leave(nodes[2]!);
      }
      simulator.run(30 * SECOND);
      simulator.network.conditions = { ...simulator.network.conditions, loss: 0 };
      simulator.run(30 * SECOND);
      const outcome = outcomeOf([nodes[3]!], origin, keys);
      expect([seed, outcome.silent]).toEqual([seed, []]);
      heard += outcome.heard;
      covered += outcome.covered;
      lost += simulator.network.counts.lost;
    }
    expect(lost).toBeGreaterThan(1000);
    expect(Math.min(heard, covered)).toBeGreaterThan(20);
  });

  it('are covered when their publisher dies in the middle of one (seeds 40 to 49)', () => {
    let covered = 0;
    for (let seed = 40; seed < 50; seed++) {
      const mesh = settledMesh({ seed, way, count: 3, config: { heartbeatMs: SECOND, limits: SLOW } });
      const { simulator, nodes, traffic } = mesh;
      const origin = idOf(nodes[0]!, nodes[1]!);
      simulator.network.conditions = { ...simulator.network.conditions, sendMs: 5 };
      publish(mesh, nodes[0]!, 'k');
      passes(simulator, () => traffic.of('fragment').length > seed, SECOND);
      simulator.crash(nodes[0]!);
      simulator.run(60 * SECOND);
      const outcome = outcomeOf(others(nodes, nodes[0]!), origin, new Map([['k', LONGEST]]));
      expect([seed, outcome.silent]).toEqual([seed, []]);
      covered += outcome.covered;
    }
    expect(covered).toBe(20);
  });

  it('are said by their bucket when a node goes that can not send them in time (seed 50)', () => {
    const mesh = settledMesh({ seed: 50, way, count: 2, config: { limits: SLOW } });
    const { simulator, nodes } = mesh;
    const origin = idOf(nodes[0]!, nodes[1]!);
    simulator.network.conditions = { ...simulator.network.conditions, sendMs: 100 };
    for (let round = 0; round < 5; round++) publish(mesh, nodes[0]!, `k:${round}`);
    simulator.run(10);
    simulator.leave(nodes[0]!);
    simulator.run(60 * SECOND);
    const keys = new Map([0, 1, 2, 3, 4].map((round) => [`k:${round}`, LONGEST]));
    const { covered, silent } = outcomeOf([nodes[1]!], origin, keys);
    expect(silent).toEqual([]);
    expect(covered).toBeGreaterThan(0);
  });

  it('go sealed, and by nodes that send both (seed 60)', () => {
    for (const mode of ['strict', 'send-both'] as const) {
      const mesh = startMesh({ seed: 60, way, count: 0 });
      for (let index = 0; index < 3; index++) mesh.join(sealed(mode));
      const { simulator, nodes } = mesh;
      expect(passes(simulator, () => knowAll(nodes), 60 * SECOND)).toBe(true);
      const origin = idOf(nodes[0]!, nodes[1]!);
      simulator.run(15 * SECOND);
      simulator.network.conditions = { ...simulator.network.conditions, loss: 0.1 };
      publish(mesh, nodes[0]!, 'k');
      simulator.run(10 * SECOND);
      expect(simulator.network.counts.lost).toBeGreaterThan(10);
      expect(outcomeOf(others(nodes, nodes[0]!), origin, new Map([['k', LONGEST]]))).toMatchObject({
        heard: 2,
        silent: [],
      });
    }
  });

  it('are held back as anything is that would overrun a receiver, and let short ones wait no longer than that (seed 70)', () => {
    const mesh = settledMesh({ seed: 70, way, count: 3 });
    const { simulator, nodes } = mesh;
    const origin = idOf(nodes[0]!, nodes[1]!);
    simulator.network.conditions = { ...simulator.network.conditions, receiveMs: 0.1 };
    const before = simulator.network.counts.overrun;
    for (let round = 0; round < 20; round++) publish(mesh, nodes[0]!, `k:${round}`);
    simulator.run(10 * SECOND);
    const keys = new Map(Array.from({ length: 20 }, (_, round) => [`k:${round}`, LONGEST]));
    expect(outcomeOf(others(nodes, nodes[0]!), origin, keys)).toMatchObject({ heard: 40, covered: 0, silent: [] });
    expect(simulator.network.counts.overrun).toBe(before);
  });

  it('tell a v1 node the bare key, once (seed 80)', () => {
    const mesh = settledMesh({ seed: 80, way, count: 2 });
    const { simulator, nodes, traffic } = mesh;
    publish(mesh, nodes[0]!, 'k');
    simulator.run(SECOND);
    const batches = traffic.of('batch').map(({ to, bytes }) => {
      const packet = decodePacket(bytes);
      return [to, packet.kind === 'batch' && packet.keys];
    });
    expect(batches.filter(([to]) => to === nodes[1]!.endpoint)).toEqual([[nodes[1]!.endpoint, ['k']]]);
  });
});
