import { type Endpoint, formatEndpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { MeshNodeConfig } from '../core/node-config.js';
import { MeshNode } from '../core/mesh-node.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import { MAX_DATAGRAM_BYTES } from '../wire/packet.js';
import { EventHeap } from './event-heap.js';
import { SeededRandom } from './seeded-random.js';
import { simulatedConfig } from './simulated-config.js';
import { SimulatedHost } from './simulated-host.js';
import type { SimulatedNode } from './simulated-node.js';
import { CALM, type NetworkConditions, SimulatedNetwork } from './simulated-network.js';

const PORT = 7946;
const HOSTS_PER_NET = 250;
const EPOCH_MS = 1_700_000_000_000;
/** After a stall Node runs its timers first, and reads its sockets a moment later. */
const SOCKET_AFTER_TIMERS_MS = 0.01;

type Happening =
  | {
      readonly kind: 'arrival';
      readonly to: Endpoint;
      readonly from: Endpoint;
      readonly viaGroup: boolean;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'sent'; readonly host: SimulatedHost; readonly id: number }
  | { readonly kind: 'timer'; readonly host: SimulatedHost; readonly at: Instant }
  | { readonly kind: 'action'; readonly run: () => void };

/** A datagram on its way to one receiver, before the network has decided what becomes of it. */
export interface Carriage {
  readonly at: Instant;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly viaGroup: boolean;
  readonly bytes: Buffer;
}

export interface SimulatorOptions {
  readonly seed: number;
  readonly conditions?: Partial<NetworkConditions>;
  /** Sees every datagram that a node sends, once for each receiver. */
  readonly onCarry?: (carriage: Carriage) => void;
}

/**
 * Many nodes on a virtual clock and a network that loses, doubles, reorders and cuts by chance. It obeys the drain law
 * as the driver does, and the same seed gives the same trace.
 */
export class Simulator {
  readonly network: SimulatedNetwork;
  readonly #random: SeededRandom;
  readonly #onCarry: ((carriage: Carriage) => void) | undefined;
  readonly #heap = new EventHeap<Happening>();
  readonly #hosts = new Set<SimulatedHost>();
  readonly #byAddress = new Map<Endpoint, SimulatedHost>();
  readonly #buffer = Buffer.alloc(MAX_DATAGRAM_BYTES);
  #now: Instant = 0;
  #made = 0;

  constructor(options: SimulatorOptions) {
    this.#random = new SeededRandom(options.seed);
    this.#onCarry = options.onCarry;
    this.network = new SimulatedNetwork(this.#random, { ...CALM, ...options.conditions });
  }

  get now(): Instant {
    return this.#now;
  }

  /** All nodes that run. */
  nodes(): readonly SimulatedNode[] {
    return [...this.#hosts];
  }

  /** Starts a node at an address of its own, or at `endpoint`, where an earlier one may have lived. */
  start(config: Partial<MeshNodeConfig>, seeds: readonly Endpoint[] = [], endpoint?: Endpoint): SimulatedNode {
    const at = endpoint ?? this.#newEndpoint();
    const previous = this.#byAddress.get(at);
    if (previous !== undefined) this.crash(previous);
    const host = new SimulatedHost(at, new MeshNode({ ...simulatedConfig(this.#random, seeds.length > 0), ...config }));
    this.#hosts.add(host);
    this.#byAddress.set(at, host);
    this.#input(host, (now) => host.node.handleEndpoints(now, [at]));
    this.#input(host, (now) => host.node.handleSeeds(now, seeds));
    this.#input(host, (now) => host.node.join(now));
    return host;
  }

  /** `undefined` when the node did not take them. */
  publish(node: SimulatedNode, keys: readonly string[]): Publication | undefined {
    const events = keys.map((key) => ({ kind: 'key', key, data: undefined, metadata: undefined }) as const);
    return this.publishEvents(node, events);
  }

  publishEvents(node: SimulatedNode, events: readonly OutgoingEvent[]): Publication | undefined {
    return this.#input(this.#host(node), (now) => node.node.publish(now, events));
  }

  withdraw(node: SimulatedNode, publication: Publication): void {
    this.#input(this.#host(node), () => node.node.withdraw(publication));
  }

  leave(node: SimulatedNode): void {
    this.#input(this.#host(node), (now) => node.node.leave(now));
  }

  /** What the node's seeds stand for from now on. */
  changeSeeds(node: SimulatedNode, seeds: readonly Endpoint[]): void {
    this.#input(this.#host(node), (now) => node.node.handleSeeds(now, seeds));
  }

  /** The node can be reached at one more address, whether it knows or not; it goes on sending from its first. */
  addAddress(node: SimulatedNode, endpoint: Endpoint, isKnown = true): void {
    const host = this.#host(node);
    this.#byAddress.set(endpoint, host);
    if (isKnown) this.#input(host, (now) => host.node.handleEndpoints(now, this.#addressesOf(host)));
  }

  /** The node loses all its addresses for another one. */
  move(node: SimulatedNode, endpoint: Endpoint): void {
    const host = this.#host(node);
    for (const address of this.#addressesOf(host)) this.#byAddress.delete(address);
    host.endpoint = endpoint;
    this.addAddress(host, endpoint);
  }

  /** The node is gone without a word. */
  crash(node: SimulatedNode): void {
    this.#remove(this.#host(node));
  }

  /** The node's process stands still for that long: datagrams and timers wait for it. */
  stall(node: SimulatedNode, forMs: number): void {
    this.#host(node).stalledUntil = this.#now + forMs;
  }

  /** A datagram from anywhere, as an attacker or a v1 node would send it. */
  inject(from: Endpoint, to: SimulatedNode, bytes: Buffer, viaGroup = false): void {
    this.#heap.push(this.#now, { kind: 'arrival', to: this.#host(to).endpoint, from, viaGroup, bytes });
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
    const host = happening.kind === 'arrival' ? this.#byAddress.get(happening.to) : happening.host;
    if (host?.running !== true) return;
    if (this.#now < host.stalledUntil) return this.#postpone(happening, host.stalledUntil);
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
        host.countWake(this.#now);
        host.node.handleTimeout(this.#now);
        break;
    }
    this.#drain(host);
  }

  #postpone(happening: Happening, until: Instant): void {
    this.#heap.push(happening.kind === 'timer' ? until : until + SOCKET_AFTER_TIMERS_MS, happening);
  }

  #input<T>(host: SimulatedHost, input: (now: Instant) => T): T {
    const result = input(this.#now);
    this.#drain(host);
    return result;
  }

  #drain(host: SimulatedHost): void {
    const { node } = host;
    for (;;) {
      const transmit = node.pollTransmit(this.#now, EPOCH_MS + this.#now, this.#buffer);
      if (transmit === undefined) break;
      const bytes = Buffer.from(this.#buffer.subarray(0, transmit.length));
      for (const to of transmit.to) this.#carry(host, to, false, bytes);
      if (transmit.toGroup) for (const { endpoint } of this.#hosts) this.#carry(host, endpoint, true, bytes);
      this.#heap.push(this.#now + this.network.conditions.sendMs, { kind: 'sent', host, id: transmit.id });
    }
    for (let event = node.pollEvent(); event !== undefined; event = node.pollEvent()) host.record(this.#now, event);
    if (!host.running) this.#remove(host);
    const at = Math.max(this.#now, node.pollTimeout());
    if (at === NEVER || at === host.wakesAt) return;
    host.wakesAt = at;
    this.#heap.push(at, { kind: 'timer', host, at });
  }

  #carry(host: SimulatedHost, to: Endpoint, viaGroup: boolean, bytes: Buffer): void {
    const from = host.endpoint;
    this.#onCarry?.({ at: this.#now, from, to, viaGroup, bytes });
    for (const delay of this.network.delays(from, to, viaGroup)) {
      this.#heap.push(this.#now + delay, { kind: 'arrival', to, from, viaGroup, bytes });
    }
  }

  #newEndpoint(): Endpoint {
    const made = this.#made++;
    const net = Math.floor(made / HOSTS_PER_NET);
    return formatEndpoint(`10.${net >> 8}.${net & 255}.${(made % HOSTS_PER_NET) + 1}`, PORT);
  }

  #remove(host: SimulatedHost): void {
    host.running = false;
    this.#hosts.delete(host);
    for (const address of this.#addressesOf(host)) this.#byAddress.delete(address);
  }

  /** The one that it sends from first. */
  #addressesOf(host: SimulatedHost): readonly Endpoint[] {
    const others = [...this.#byAddress].filter(([address, one]) => one === host && address !== host.endpoint);
    return [host.endpoint, ...others.map(([address]) => address)];
  }

  #host(node: SimulatedNode): SimulatedHost {
    if (node instanceof SimulatedHost && this.#hosts.has(node)) return node;
    throw new TypeError(`no node of this simulator runs at ${node.endpoint}`);
  }
}
