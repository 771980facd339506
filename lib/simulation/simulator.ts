import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { MeshNodeConfig } from '../core/node-config.js';
import { MeshNode } from '../core/mesh-node.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import { MAX_WIRE_BYTES } from '../wire/packet.js';
import { HostTable } from './host-table.js';
import { Inlet } from './inlet.js';
import { SeededRandom } from '../primitives/seeded-random.js';
import { simulatedConfig } from './simulated-config.js';
import { SimulatedHost } from './simulated-host.js';
import type { SimulatedNode } from './simulated-node.js';
import { CALM, type NetworkConditions, SimulatedNetwork } from './simulated-network.js';
import type { Carriage, SimulatorObserver } from './simulator-observer.js';
import { Timeline } from './timeline.js';

const EPOCH_MS = 1_700_000_000_000;

export interface SimulatorOptions {
  readonly seed: number;
  readonly conditions?: Partial<NetworkConditions>;
  /** Sees every datagram that a node sends, once for each receiver. */
  readonly onCarry?: (carriage: Carriage) => void;
  /** Sees all there is to see. */
  readonly observer?: SimulatorObserver;
}

/**
 * Many nodes on a virtual clock and a network that loses, doubles, reorders and cuts by chance. It obeys the drain law
 * as the driver does, and the same seed gives the same trace.
 */
export class Simulator {
  readonly network: SimulatedNetwork;
  readonly #random: SeededRandom;
  readonly #onCarry: ((carriage: Carriage) => void) | undefined;
  readonly #observer: SimulatorObserver;
  readonly #timeline = new Timeline();
  readonly #hosts = new HostTable();
  readonly #inlet: Inlet;
  readonly #buffer = Buffer.alloc(MAX_WIRE_BYTES);

  constructor(options: SimulatorOptions) {
    this.#random = new SeededRandom(options.seed);
    this.#onCarry = options.onCarry;
    this.#observer = options.observer ?? {};
    this.network = new SimulatedNetwork(this.#random, { ...CALM, ...options.conditions });
    this.#inlet = new Inlet({
      ...{ timeline: this.#timeline, hosts: this.#hosts, network: this.network, observer: this.#observer },
      handle: (host, { from, viaGroup, bytes }) => {
        host.node.handleDatagram(host.clock(this.now), { from, viaGroup }, bytes);
        this.#drain(host);
      },
    });
  }

  get now(): Instant {
    return this.#timeline.now;
  }

  /** All nodes that run. */
  nodes(): readonly SimulatedNode[] {
    return [...this.#hosts.all()];
  }

  /** An address that nobody had before. */
  newEndpoint(): Endpoint {
    return this.#hosts.newEndpoint();
  }

  /** Starts a node at an address of its own, or at `endpoint`, where an earlier one may have lived. */
  start(config: Partial<MeshNodeConfig>, seeds: readonly Endpoint[] = [], endpoint?: Endpoint): SimulatedNode {
    const at = endpoint ?? this.newEndpoint();
    const previous = this.#hosts.at(at);
    if (previous !== undefined) this.crash(previous);
    const host = new SimulatedHost(at, new MeshNode({ ...simulatedConfig(this.#random, seeds.length > 0), ...config }));
    this.#hosts.add(host);
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
    return this.#input(this.#hosts.require(node), (now) => node.node.publish(now, events));
  }

  withdraw(node: SimulatedNode, publication: Publication): void {
    this.#input(this.#hosts.require(node), () => node.node.withdraw(publication));
  }

  leave(node: SimulatedNode): void {
    this.#input(this.#hosts.require(node), (now) => node.node.leave(now));
  }

  /** What the node's seeds stand for from now on. */
  changeSeeds(node: SimulatedNode, seeds: readonly Endpoint[]): void {
    this.#input(this.#hosts.require(node), (now) => node.node.handleSeeds(now, seeds));
  }

  /** The node can be reached at one more address, whether it knows or not; it goes on sending from its first. */
  addAddress(node: SimulatedNode, endpoint: Endpoint, isKnown = true): void {
    const host = this.#hosts.require(node);
    this.#hosts.addAddress(host, endpoint);
    if (isKnown) this.#tellAddresses(host);
  }

  /** The node loses all its addresses for another one. */
  move(node: SimulatedNode, endpoint: Endpoint): void {
    const host = this.#hosts.require(node);
    this.#hosts.move(host, endpoint);
    this.#tellAddresses(host);
  }

  /** The node is gone without a word. */
  crash(node: SimulatedNode): void {
    this.#hosts.remove(this.#hosts.require(node));
  }

  /** The node's process stands still for that long: timers wait for it, and datagrams as many as its buffers hold. */
  stall(node: SimulatedNode, forMs: number): void {
    const host = this.#hosts.require(node);
    host.stalledUntil = Math.max(host.stalledUntil, this.now + forMs);
  }

  /** Whether the node's process stands still, and so can not be asked to do anything. */
  isStalled(node: SimulatedNode): boolean {
    return this.now < this.#hosts.require(node).stalledUntil;
  }

  /**
   * The node's machine is suspended for that long: what is sent to it is lost. Afterwards its monotonic clock has gone
   * on, or has stood still with the machine, as that of Linux does.
   */
  suspend(node: SimulatedNode, forMs: number, clockGoesOn: boolean): void {
    const host = this.#hosts.require(node);
    this.stall(host, forMs);
    host.asleepUntil = host.stalledUntil;
    if (!clockGoesOn) this.#shiftClock(host, -forMs);
  }

  /** The node's monotonic clock leaps ahead, so that all its timers are late at once. */
  jumpClock(node: SimulatedNode, byMs: number): void {
    this.#shiftClock(this.#hosts.require(node), byMs);
  }

  /** Somebody sets the node's wall clock, in either direction. */
  jumpWallClock(node: SimulatedNode, byMs: number): void {
    this.#hosts.require(node).wallClockAheadMs += byMs;
  }

  /** A datagram from anywhere, as an attacker or a v1 node would send it. */
  inject(from: Endpoint, to: SimulatedNode, bytes: Buffer, viaGroup = false): void {
    const carriage = { at: this.now, from, to: this.#hosts.require(to).endpoint, viaGroup, bytes };
    this.#timeline.at(this.now, () => this.#inlet.arrive(carriage));
  }

  after(delayMs: number, run: () => void): void {
    this.#timeline.at(this.now + delayMs, run);
  }

  /** Lets `forMs` pass. */
  run(forMs: number): void {
    this.runUntil(() => false, forMs);
  }

  /** Lets time pass until `done`, at most `withinMs`. Returns whether it came to that. */
  runUntil(done: () => boolean, withinMs: number): boolean {
    return this.#timeline.runUntil(done, withinMs);
  }

  #wake(host: SimulatedHost, at: Instant): void {
    if (!host.running) return;
    if (this.now < host.stalledUntil) return this.#timeline.at(host.stalledUntil, () => this.#wake(host, at));
    if (at !== host.wakesAt) return;
    host.wakesAt = NEVER;
    host.countWake(this.now);
    host.node.handleTimeout(host.clock(this.now, host.deadline));
    this.#drain(host);
  }

  #tellSent(host: SimulatedHost, id: number): void {
    if (!host.running) return;
    if (this.now < host.stalledUntil) {
      return this.#timeline.at(host.readsAt(this.now), () => this.#tellSent(host, id));
    }
    host.node.handleSent(host.clock(this.now), id, false);
    this.#drain(host);
  }

  #input<T>(host: SimulatedHost, input: (now: Instant) => T): T {
    const result = input(host.clock(this.now));
    this.#drain(host);
    return result;
  }

  #tellAddresses(host: SimulatedHost): void {
    this.#input(host, (now) => host.node.handleEndpoints(now, this.#hosts.addressesOf(host)));
  }

  #shiftClock(host: SimulatedHost, byMs: number): void {
    host.clockAheadMs += byMs;
    this.#setTimer(host);
  }

  #drain(host: SimulatedHost): void {
    const { node } = host;
    const hostNow = host.clock(this.now);
    const wallClockMs = EPOCH_MS + hostNow + host.wallClockAheadMs;
    for (;;) {
      const transmit = node.pollTransmit(hostNow, wallClockMs, this.#buffer);
      if (transmit === undefined) break;
      const bytes = Buffer.from(this.#buffer.subarray(0, transmit.length));
      this.#observer.onTransmit?.(host, bytes);
      for (const to of transmit.to) this.#carry(host, to, false, bytes);
      if (transmit.toGroup) for (const { endpoint } of this.#hosts.all()) this.#carry(host, endpoint, true, bytes);
      this.#timeline.at(this.now + this.network.conditions.sendMs, () => this.#tellSent(host, transmit.id));
    }
    for (let event = node.pollEvent(); event !== undefined; event = node.pollEvent()) {
      host.record(this.now, event);
      this.#observer.onEvent?.(host, event);
    }
    if (!host.running) this.#hosts.remove(host);
    this.#setTimer(host);
  }

  #setTimer(host: SimulatedHost): void {
    host.deadline = host.node.pollTimeout();
    const at = Math.max(this.now, host.deadline - host.clockAheadMs);
    if (at === NEVER || at === host.wakesAt) return;
    host.wakesAt = at;
    this.#timeline.at(at, () => this.#wake(host, at));
  }

  #carry(host: SimulatedHost, to: Endpoint, viaGroup: boolean, bytes: Buffer): void {
    const carriage = { at: this.now, from: host.endpoint, to, viaGroup, bytes };
    this.#onCarry?.(carriage);
    this.#observer.onCarry?.(carriage);
    const delays = this.network.delays(carriage.from, to, viaGroup);
    for (const delay of delays) this.#timeline.at(this.now + delay, () => this.#inlet.arrive(carriage));
    if (delays.length > 0) return;
    this.#observer.onDrop?.(carriage, this.network.isCut(carriage.from, to, viaGroup) ? 'cut' : 'lost');
  }
}
