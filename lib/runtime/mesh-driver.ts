import type { Arrival } from '../core/arrival.js';
import type { MeshNode } from '../core/mesh-node.js';
import type { NodeStats } from '../core/node-stats.js';
import type { NodeEvent } from '../core/node-event.js';
import type { Transmit } from '../core/transmit.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import { MeshError } from '../errors/mesh-error.js';
import type { PeerView } from '../membership/peer-view.js';
import type { UnreadableSource } from '../membership/unreadable-book.js';
import type { Seed } from '../options/resolved-mesh-options.js';
import { Fifo } from '../primitives/fifo.js';
import type { Instant } from '../primitives/instant.js';
import type { Clock, DatagramTransport, RuntimePorts, TransportSnapshot, TransportWarning } from './ports.js';
import { SeedAddresses } from './seed-addresses.js';
import { SendBuffers } from './send-buffers.js';
import { soon } from './soon.js';
import { WakeUp } from './wake-up.js';

/** How long a goodbye may take to be with the kernel before the sockets are closed under it. */
const GOODBYE_MS = 1000;

export interface DriverHandlers {
  /** Called after the node is drained, one event after the other, never within another call of it. */
  onEvent(event: NodeEvent): void;
  onWarning(warning: TransportWarning): void;
}

/** `open` once the node joined; a node is drained in every state, so that it takes publishes before it has joined. */
type DriverState = 'new' | 'opening' | 'open' | 'leaving' | 'closed';

/**
 * Joins one node to the world: the only loop. It owns the law that every input is followed by a full drain before the
 * next one. What the node has to tell is handed on afterwards, so that a handler which publishes is the next input.
 */
export class MeshDriver {
  readonly #node: MeshNode;
  readonly #handlers: DriverHandlers;
  readonly #clock: Clock;
  readonly #transport: DatagramTransport;
  readonly #seeds: SeedAddresses;
  readonly #wakeUp: WakeUp;
  readonly #buffers = new SendBuffers();
  readonly #events = new Fifo<NodeEvent>();
  #state: DriverState = 'new';
  #handing = false;
  #onLeft: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(node: MeshNode, ports: RuntimePorts, seeds: readonly Seed[], handlers: DriverHandlers) {
    this.#node = node;
    this.#handlers = handlers;
    this.#clock = ports.clock;
    this.#transport = ports.transport;
    this.#seeds = new SeedAddresses(seeds, ports, (endpoints) => {
      this.#input((now) => this.#node.handleSeeds(now, endpoints));
    });
    this.#wakeUp = new WakeUp(ports.clock, () => this.#input((now) => this.#node.handleTimeout(now)));
  }

  /**
   * Resolves when the sockets are bound and the node has begun to join, which is not yet `ready`. Seeds that are names
   * are looked up beside it.
   *
   * @throws MeshError what `DatagramTransport.open` throws, and `MESH_ERR_CLOSED` when `close()` came first
   */
  async open(): Promise<void> {
    if (this.#state !== 'new') throw closedError();
    this.#state = 'opening';
    await this.#transport.open({
      onDatagram: (arrival, bytes) => this.#onDatagram(arrival, bytes),
      onEndpoints: (endpoints) => this.#input((now) => this.#node.handleEndpoints(now, endpoints)),
      onWarning: (warning) => this.#warn(warning),
    });
    if (this.#stateNow() !== 'opening') throw closedError();
    this.#state = 'open';
    const { receiveBufferBytes } = this.#transport.snapshot();
    if (receiveBufferBytes !== undefined) this.#node.handleReceiveBuffer(receiveBufferBytes);
    this.#seeds.start();
    this.#input((now) => this.#node.join(now));
  }

  /**
   * Takes all events, or none: `undefined` when more would wait than `limits.pendingKeys`.
   *
   * @throws MeshError `MESH_ERR_CLOSED`
   */
  publish(events: readonly OutgoingEvent[]): Publication | undefined {
    if (this.#state === 'closed') throw closedError();
    const now = this.#clock.now();
    const publication = this.#node.publish(now, events);
    this.#drain(now);
    this.#handOnSoon();
    return publication;
  }

  withdraw(publication: Publication): void {
    if (this.#state === 'closed') return;
    this.#node.withdraw(publication);
    this.#drain(this.#clock.now());
    this.#handOnSoon();
  }

  /** What publishers here wait for, and what those elsewhere are told: an input like any other. */
  answer(act: (receipts: MeshNode['receipts'], now: Instant) => void): void {
    this.#input((now) => act(this.#node.receipts, now));
  }

  peers(): readonly PeerView[] {
    return this.#node.peers();
  }

  unreadable(): readonly UnreadableSource[] {
    return this.#node.unreadable(this.#clock.now());
  }

  stats(): NodeStats {
    return this.#node.stats();
  }

  now(): Instant {
    return this.#clock.now();
  }

  wallClockMs(): number {
    return this.#clock.wallClockMs();
  }

  transport(): TransportSnapshot {
    return this.#transport.snapshot();
  }

  /** Sends what waits, says goodbye and closes. Idempotent, and possible in every state. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const joined = this.#state === 'open';
    this.#state = joined ? 'leaving' : 'closed';
    this.#seeds.close();
    if (joined) await this.#sayGoodbye();
    this.#state = 'closed';
    this.#wakeUp.cancel();
    await this.#transport.close();
  }

  async #sayGoodbye(): Promise<void> {
    const left = new Promise<void>((resolve) => (this.#onLeft = resolve));
    const deadline = this.#clock.schedule(this.#clock.now() + GOODBYE_MS, () => this.#onLeft?.());
    this.#input((now) => this.#node.leave(now));
    await left;
    deadline.cancel();
  }

  /** Datagrams that come before the node has joined are dropped: who sent them will hear from it in a moment. */
  #onDatagram(arrival: Arrival, bytes: Buffer): void {
    if (this.#state !== 'open' && this.#state !== 'leaving') return;
    this.#wakeUp.noteArrival();
    const now = this.#clock.now();
    this.#node.handleDatagram(now, arrival, bytes);
    this.#drain(now);
    this.#handOn();
  }

  #input(give: (now: Instant) => void): void {
    if (this.#state === 'closed') return;
    const now = this.#clock.now();
    give(now);
    this.#drain(now);
    this.#handOn();
  }

  #drain(now: Instant): void {
    const wallClockMs = this.#clock.wallClockMs();
    for (;;) {
      const buffer = this.#buffers.take();
      const transmit = this.#node.pollTransmit(now, wallClockMs, buffer);
      if (transmit === undefined) {
        this.#buffers.giveBack(buffer);
        break;
      }
      this.#send(transmit, buffer);
    }
    for (let event = this.#node.pollEvent(); event !== undefined; event = this.#node.pollEvent()) {
      this.#events.push(event);
      if (event.kind === 'status' && event.status === 'left') this.#onLeft?.();
    }
    this.#wakeUp.set(this.#node.pollTimeout(), now);
  }

  #send({ id, length, toGroup, to }: Transmit, buffer: Buffer): void {
    this.#transport.send(buffer, length, toGroup, to, (failures) => {
      this.#buffers.giveBack(buffer);
      this.#input((now) => this.#node.handleSent(now, id, failures > 0));
    });
  }

  /** For inputs of the application: no handler is to run within a caller's `publish()`, nor before it has its ticket. */
  #handOnSoon(): void {
    if (this.#events.length > 0) soon(() => this.#handOn());
  }

  #handOn(): void {
    if (this.#handing) return;
    this.#handing = true;
    for (let event = this.#events.take(); event !== undefined; event = this.#events.take()) {
      try {
        this.#handlers.onEvent(event);
      } catch (error) {
        this.#warn({ code: 'handler-failed', message: `a handler of node events threw: ${String(error)}` });
      }
    }
    this.#handing = false;
  }

  #warn(warning: TransportWarning): void {
    try {
      this.#handlers.onWarning(warning);
    } catch {
      // Who is to be told of failures has failed: there is nobody left to tell.
    }
  }

  /** The state may have changed across an `await`, which control flow analysis does not expect. */
  #stateNow(): DriverState {
    return this.#state;
  }
}

function closedError(): MeshError {
  return new MeshError('MESH_ERR_CLOSED', 'the node is closed, or was opened before: make a new one');
}
