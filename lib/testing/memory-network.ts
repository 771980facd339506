import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { Clock } from '../runtime/ports.js';
import type { MemoryTransport } from './memory-transport.js';

const LATENCY_MS = 0.5;

/** What was handed to the network once, for however many receivers. */
export interface MemoryDatagram {
  readonly from: Endpoint;
  readonly bytes: Buffer;
}

/** Carries datagrams between transports in one process, each by itself and after the same time. */
export class MemoryNetwork {
  /** Nothing reaches it. */
  isCut: (from: Endpoint, to: Endpoint) => boolean = () => false;
  /** This one datagram does not reach it. Asked for each copy. */
  isLost: (datagram: MemoryDatagram, to: Endpoint) => boolean = () => false;
  /** Each datagram as it is handed over. */
  onSend: (from: Endpoint, bytes: Buffer) => void = () => undefined;
  /** Thrown by the next `open`, once. */
  openFailure: Error | undefined;
  /** What was handed over is not reported as sent until this is `false`. */
  stalled = false;
  readonly clock: Clock;
  readonly #transports = new Set<MemoryTransport>();
  #lastArrivalAt: Instant = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** When all that is under way will have arrived. */
  get lastArrivalAt(): Instant {
    return this.#lastArrivalAt;
  }

  join(transport: MemoryTransport): void {
    this.#transports.add(transport);
  }

  leave(transport: MemoryTransport): void {
    this.#transports.delete(transport);
  }

  /** @param bytes handed over: they are not changed any more */
  carry(from: MemoryTransport, bytes: Buffer, toGroup: boolean, to: readonly Endpoint[]): void {
    const datagram = { from: from.endpoint, bytes };
    this.onSend(from.endpoint, bytes);
    for (const target of this.#transports) {
      const viaGroup = toGroup && target !== from && target.group !== undefined && target.group === from.group;
      if (viaGroup) this.#carryTo(target, datagram, true);
      for (const endpoint of to) if (endpoint === target.endpoint) this.#carryTo(target, datagram, false);
    }
  }

  #carryTo(target: MemoryTransport, datagram: MemoryDatagram, viaGroup: boolean): void {
    const { from, bytes } = datagram;
    if (this.isCut(from, target.endpoint) || this.isLost(datagram, target.endpoint)) return;
    this.#lastArrivalAt = this.clock.now() + LATENCY_MS;
    this.clock.schedule(this.#lastArrivalAt, () => target.receive(from, viaGroup, Buffer.from(bytes)));
  }
}
