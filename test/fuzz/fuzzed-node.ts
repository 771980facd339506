import type { MeshNode } from '../../lib/core/mesh-node.js';
import type { SealingMode } from '../../lib/core/sealing.js';
import { SealWriter } from '../../lib/core/seal-writer.js';
import type { OutgoingEvent } from '../../lib/delivery/pending-event.js';
import type { Endpoint } from '../../lib/primitives/endpoint.js';
import { randomBelow } from '../../lib/primitives/random.js';
import { clusterTagOf } from '../../lib/wire/cluster-tag.js';
import { readNodeId } from '../../lib/primitives/node-id.js';
import type { Sealer } from '../../lib/security/sealer.js';
import { MAX_DATAGRAM_BYTES, PacketType } from '../../lib/wire/packet.js';
import { limits } from '../support/limits.js';
import { seededRandom } from '../support/seeded-random.js';
import { knowAll, MINUTE, passes, SECOND, startMesh } from '../support/sim-mesh.js';
import { sealed } from '../support/sim-sealing.js';
import { DatagramMutator } from './datagram-mutator.js';

export const FUZZ_LIMITS = limits({ peers: 40, unverifiedPeers: 60, pendingKeys: 1000, sendsInFlight: 64 });

/** What an input made the node do. */
export interface Doings {
  readonly sent: number;
  readonly events: number;
}

/**
 * One node of three that have talked. What was said to it comes again and again, mutated: as it was, and sealed anew by
 * who has the secret. Its clock is moved a little by each.
 */
export class FuzzedNode {
  readonly node: MeshNode;
  readonly #random;
  readonly #mutator: DatagramMutator;
  readonly #sources: readonly Endpoint[];
  readonly #writers = new Map<string, SealWriter>();
  readonly #into = Buffer.alloc(MAX_DATAGRAM_BYTES);
  readonly #sealedInto = Buffer.alloc(8192);
  readonly #sealers: ReadonlyMap<string, Sealer>;
  #now: number;

  constructor(seed: number, mode: SealingMode | 'none') {
    this.#random = seededRandom(seed);
    const mesh = startMesh({
      ...{ seed, way: seed % 2 === 0 ? 'group' : 'seed', count: 0, conditions: { loss: 0.1 } },
      config: { heartbeatMs: SECOND, limits: FUZZ_LIMITS },
    });
    mesh.traffic.record();
    const configs = mode === 'none' ? [] : [sealed(mode), sealed(mode), sealed(mode)];
    for (let index = 0; index < 3; index++) mesh.join(configs[index]);
    passes(mesh.simulator, () => knowAll(mesh.nodes), MINUTE);
    for (let round = 0; round < 20; round++) {
      for (const node of mesh.nodes) mesh.simulator.publish(node, [`k:${round}`]);
      if (round % 5 === 0) for (const node of mesh.nodes) mesh.simulator.publishEvents(node, [longEvent(round)]);
      mesh.simulator.run(100);
    }
    mesh.simulator.run(2 * SECOND);
    const [target] = mesh.nodes;
    this.node = target!.node;
    this.#now = mesh.simulator.now;
    this.#sources = [...mesh.nodes.map(({ endpoint }) => endpoint), '10.77.0.1:7946', '10.77.0.2:7946'];
    const corpus = mesh.traffic
      .all()
      .filter(({ to }) => to === target!.endpoint)
      .map(({ bytes }) => bytes);
    this.#mutator = new DatagramMutator(seed, corpus);
    const others = configs.slice(1);
    this.#sealers = new Map(others.map(({ id, sealing }) => [id!, sealing.sealer]));
  }

  /** Gives it the next datagram, which is returned: it is overwritten by the one after it. */
  feed(): { readonly bytes: Buffer; readonly doings: Doings } {
    const bytes = this.#dress(this.#mutator.next());
    this.#now += randomBelow(this.#random, 100) / 1000;
    const from = this.#sources[randomBelow(this.#random, this.#sources.length)]!;
    const arrival = { from, viaGroup: randomBelow(this.#random, 4) === 0 };
    this.node.handleDatagram(this.#now, arrival, bytes);
    const doings = this.#drain();
    if (this.node.pollTimeout() > this.#now) return { bytes, doings };
    this.node.handleTimeout(this.#now);
    const later = this.#drain();
    return { bytes, doings: { sent: doings.sent + later.sent, events: doings.events + later.events } };
  }

  /** Nothing comes for so long. */
  rest(ms: number): void {
    const end = this.#now + ms;
    for (let at = this.node.pollTimeout(); at <= end; at = this.node.pollTimeout()) {
      this.#now = Math.max(this.#now, at);
      this.node.handleTimeout(this.#now);
      this.#drain();
    }
    this.#now = end;
  }

  unreadable(): number {
    return this.node.unreadable(this.#now).length;
  }

  /** Every other one that is plain is sealed, if there is a secret: what an insider could do. */
  #dress(bytes: Buffer): Buffer {
    if (bytes.length < 18 || bytes[1] === PacketType.SEALED) return bytes;
    if (randomBelow(this.#random, 2) === 0) return bytes;
    const length = bytes.copy(this.#sealedInto);
    const sender = readNodeId(bytes, 2);
    const sealer = this.#sealers.get(sender);
    if (sealer === undefined) return bytes;
    let writer = this.#writers.get(sender);
    if (writer === undefined)
      this.#writers.set(sender, (writer = new SealWriter(sender, clusterTagOf('default'), sealer)));
    return this.#sealedInto.subarray(0, writer.seal(this.#sealedInto, length, this.#sealedInto));
  }

  #drain(): Doings {
    let [sent, events] = [0, 0];
    for (let next = this.node.pollTransmit(this.#now, 0, this.#into); next !== undefined; sent++) {
      this.node.handleSent(this.#now, next.id, false);
      next = this.node.pollTransmit(this.#now, 0, this.#into);
    }
    while (this.node.pollEvent() !== undefined) events++;
    return { sent, events };
  }
}

/** One that takes three datagrams. */
function longEvent(round: number): OutgoingEvent {
  return { kind: 'key', key: `long:${round}`, data: Buffer.alloc(2000, round), metadata: undefined, fragments: 2 };
}
