import { type Endpoint, formatEndpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { type NodeId, readNodeId } from '../primitives/node-id.js';
import type { MeshNodeConfig } from '../core/node-config.js';
import { MeshNode } from '../core/mesh-node.js';
import type { NodeEvent } from '../core/node-event.js';
import type { OutgoingEvent } from '../delivery/pending-event.js';
import { MAX_DATAGRAM_BYTES } from '../wire/packet.js';
import { EventHeap } from './event-heap.js';
import { SeededRandom } from './seeded-random.js';
import type { DeliveredKey, SimulatedNode } from './simulated-node.js';
import { CALM, type NetworkConditions, SimulatedNetwork } from './simulated-network.js';

/** How long the simulated kernel takes for a datagram. */
const SEND_MS = 0.02;
const PORT = 7946;
const EPOCH_MS = 1_700_000_000_000;

class Host implements SimulatedNode {
  readonly events: NodeEvent[] = [];
  readonly delivered: DeliveredKey[] = [];
  running = true;
  /** While it stands still, what happens to it waits until then. */
  stalledUntil: Instant = 0;
  wakesAt: Instant = NEVER;

  constructor(
    readonly endpoint: Endpoint,
    readonly node: MeshNode,
  ) {}
}

type Happening =
  | {
      readonly kind: 'arrival';
      readonly host: Host;
      readonly from: Endpoint;
      readonly viaGroup: boolean;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'sent'; readonly host: Host; readonly id: number }
  | { readonly kind: 'timer'; readonly host: Host; readonly at: Instant }
  | { readonly kind: 'action'; readonly run: () => void };

export interface SimulatorOptions {
  readonly seed: number;
  readonly conditions?: Partial<NetworkConditions>;
}

/**
 * Many nodes on a virtual clock and a network that loses, doubles, reorders and cuts by chance. It obeys the drain law
 * as the driver does, and the same seed gives the same trace.
 */
export class Simulator {
  readonly network: SimulatedNetwork;
  readonly #random: SeededRandom;
  readonly #heap = new EventHeap<Happening>();
  readonly #hosts = new Map<Endpoint, Host>();
  readonly #buffer = Buffer.alloc(MAX_DATAGRAM_BYTES);
  #now: Instant = 0;
  #made = 0;

  constructor(options: SimulatorOptions) {
    this.#random = new SeededRandom(options.seed);
    this.network = new SimulatedNetwork(this.#random, { ...CALM, ...options.conditions });
  }

  get now(): Instant {
    return this.#now;
  }

  /** All nodes that run. */
  nodes(): readonly SimulatedNode[] {
    return [...this.#hosts.values()].filter((host) => host.running);
  }

  /** Starts a node at an address of its own, or at `endpoint`, where an earlier one may have lived. */
  start(config: Partial<MeshNodeConfig>, seeds: readonly Endpoint[] = [], endpoint?: Endpoint): SimulatedNode {
    const at =
      endpoint ?? formatEndpoint(`10.${this.#made >> 16}.${(this.#made >> 8) & 255}.${(this.#made & 255) + 1}`, PORT);
    this.#made++;
    const host = new Host(at, new MeshNode({ ...this.#defaults(seeds.length > 0), ...config }));
    this.#hosts.set(at, host);
    host.node.handleEndpoints(this.#now, [at]);
    this.#drain(host);
    host.node.handleSeeds(this.#now, seeds);
    this.#drain(host);
    host.node.join(this.#now);
    this.#drain(host);
    return host;
  }

  publish(node: SimulatedNode, keys: readonly string[]): void {
    const host = this.#host(node);
    const events = keys.map((key): OutgoingEvent => ({ kind: 'key', key, data: undefined, metadata: undefined }));
    host.node.publish(this.#now, events);
    this.#drain(host);
  }

  leave(node: SimulatedNode): void {
    const host = this.#host(node);
    host.node.leave(this.#now);
    this.#drain(host);
  }

  /** The node is gone without a word. */
  crash(node: SimulatedNode): void {
    this.#host(node).running = false;
  }

  /** The node's process stands still for that long: datagrams and timers wait for it. */
  stall(node: SimulatedNode, forMs: number): void {
    this.#host(node).stalledUntil = this.#now + forMs;
  }

  /** A datagram from anywhere, as an attacker or a v1 node would send it. */
  inject(from: Endpoint, to: SimulatedNode, bytes: Buffer, viaGroup = false): void {
    this.#heap.push(this.#now, { kind: 'arrival', host: this.#host(to), from, viaGroup, bytes });
  }

  after(delayMs: number, run: () => void): void {
    this.#heap.push(this.#now + delayMs, { kind: 'action', run });
  }

  /** Lets `forMs` pass. */
  run(forMs: number): void {
    this.runUntil(() => false, forMs);
  }

  /** Lets time pass until `done`, at most `withinMs`. Returns whether it came to that. */
  runUntil(done: () => boolean, withinMs: number): boolean {
    const end = this.#now + withinMs;
    while (!done()) {
      const next = this.#heap.nextAt();
      if (next === undefined || next > end) {
        this.#now = end;
        return done();
      }
      this.#now = Math.max(this.#now, next);
      const happening = this.#heap.pop();
      if (happening !== undefined) this.#happen(happening);
    }
    return true;
  }

  #happen(happening: Happening): void {
    if (happening.kind === 'action') return happening.run();
    const { host } = happening;
    if (!host.running) return;
    if (this.#now < host.stalledUntil) return this.#heap.push(host.stalledUntil, happening);
    switch (happening.kind) {
      case 'arrival':
        host.node.handleDatagram(this.#now, { from: happening.from, viaGroup: happening.viaGroup }, happening.bytes);
        break;
      case 'sent':
        host.node.handleSent(this.#now, happening.id, false);
        break;
      case 'timer':
        if (happening.at !== host.wakesAt) return;
        host.wakesAt = NEVER;
        host.node.handleTimeout(this.#now);
        break;
    }
    this.#drain(host);
  }

  #drain(host: Host): void {
    const { node } = host;
    for (;;) {
      const transmit = node.pollTransmit(this.#now, EPOCH_MS + this.#now, this.#buffer);
      if (transmit === undefined) break;
      const bytes = Buffer.from(this.#buffer.subarray(0, transmit.length));
      for (const to of transmit.to) this.#carry(host, to, bytes, false);
      if (transmit.toGroup && this.network.conditions.multicast) {
        for (const to of this.#hosts.keys()) this.#carry(host, to, bytes, true);
      }
      this.#heap.push(this.#now + SEND_MS, { kind: 'sent', host, id: transmit.id });
    }
    for (let event = node.pollEvent(); event !== undefined; event = node.pollEvent()) this.#record(host, event);
    const at = Math.max(this.#now, node.pollTimeout());
    if (at === NEVER || at === host.wakesAt) return;
    host.wakesAt = at;
    this.#heap.push(at, { kind: 'timer', host, at });
  }

  #carry(from: Host, to: Endpoint, bytes: Buffer, viaGroup: boolean): void {
    for (const delay of this.network.delays(from.endpoint, to)) {
      const host = this.#hosts.get(to);
      if (host === undefined) continue;
      this.#heap.push(this.#now + delay, { kind: 'arrival', host, from: from.endpoint, viaGroup, bytes });
    }
  }

  #record(host: Host, event: NodeEvent): void {
    host.events.push(event);
    if (event.kind !== 'keys') return;
    for (const key of event.keys) host.delivered.push({ at: this.#now, key, sequence: event.sequence });
  }

  #host(node: SimulatedNode): Host {
    const host = this.#hosts.get(node.endpoint);
    if (host !== node) throw new TypeError(`no node of this simulator runs at ${node.endpoint}`);
    return host;
  }

  #defaults(hasSeeds: boolean): MeshNodeConfig {
    return {
      id: this.#newId(),
      random: this.#random,
      cluster: 'default',
      zone: undefined,
      client: false,
      heartbeatMs: 5000,
      batchIntervalMs: 100,
      batchSize: 20,
      startTimeoutMs: 2000,
      multicast: true,
      hasSeeds,
      limits: { peers: 4096, unverifiedPeers: 1024, pendingKeys: 100_000, sendsInFlight: 64 },
    };
  }

  #newId(): NodeId {
    const bytes = Buffer.alloc(16);
    for (let offset = 0; offset < 16; offset += 4) bytes.writeUInt32BE(this.#random.u32(), offset);
    return readNodeId(bytes, 0);
  }
}
