import type { HostTable } from './host-table.js';
import type { SimulatedHost } from './simulated-host.js';
import type { SimulatedNetwork } from './simulated-network.js';
import type { Carriage, DropCause, SimulatorObserver } from './simulator-observer.js';
import type { Timeline } from './timeline.js';

interface InletParts {
  readonly timeline: Timeline;
  readonly hosts: HostTable;
  readonly network: SimulatedNetwork;
  readonly observer: SimulatorObserver;
  /** Gives the node what it has read. */
  readonly handle: (host: SimulatedHost, carriage: Carriage) => void;
}

/** From the wire to the node: through the socket's buffer, when the host does not read at once. */
export class Inlet {
  readonly #parts: InletParts;

  constructor(parts: InletParts) {
    this.#parts = parts;
  }

  /** Brings it to whoever lives at the address now. */
  arrive(carriage: Carriage): void {
    const { hosts, timeline, network } = this.#parts;
    const { now } = timeline;
    const host = hosts.at(carriage.to);
    if (host === undefined) return this.#drop(carriage, 'gone');
    if (now < host.asleepUntil) return this.#drop(carriage, 'asleep');
    if (host.readsAt(now) <= now && host.unread.length === 0) return this.#handle(host, carriage);
    if (!host.unread.push(carriage, network.conditions.receiveBufferBytes)) return this.#drop(carriage, 'overrun');
    this.#readLater(host);
  }

  #readLater(host: SimulatedHost): void {
    if (host.willRead) return;
    const { timeline } = this.#parts;
    host.willRead = true;
    timeline.at(host.readsAt(timeline.now), () => this.#read(host));
  }

  #read(host: SimulatedHost): void {
    host.willRead = false;
    if (!host.running) return;
    const { now } = this.#parts.timeline;
    const carriage = host.readsAt(now) <= now ? host.unread.take() : undefined;
    if (carriage !== undefined) this.#handle(host, carriage);
    if (host.unread.length > 0) this.#readLater(host);
  }

  #handle(host: SimulatedHost, carriage: Carriage): void {
    const { timeline, network, observer, handle } = this.#parts;
    host.busyUntil = timeline.now + network.conditions.receiveMs;
    observer.onArrive?.(host, carriage);
    handle(host, carriage);
  }

  #drop(carriage: Carriage, cause: DropCause): void {
    const { network, observer } = this.#parts;
    if (cause === 'overrun' || cause === 'asleep') network.counts[cause]++;
    observer.onDrop?.(carriage, cause);
  }
}
