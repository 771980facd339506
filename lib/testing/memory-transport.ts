import type { Endpoint } from '../primitives/endpoint.js';
import type { DatagramTransport, TransportHandlers, TransportSnapshot } from '../runtime/ports.js';
import type { MemoryNetwork } from './memory-network.js';

/** How soon a kernel that stalls is asked again whether it does. */
const STALL_MS = 1;

/** The socket of one node in a network in memory. */
export class MemoryTransport implements DatagramTransport {
  readonly endpoint: Endpoint;
  /** Address and port of the group; `undefined` for a node without one. */
  readonly group: string | undefined;
  readonly #network: MemoryNetwork;
  #handlers: TransportHandlers | undefined;

  constructor(network: MemoryNetwork, endpoint: Endpoint, group: string | undefined) {
    this.#network = network;
    this.endpoint = endpoint;
    this.group = group;
  }

  async open(handlers: TransportHandlers): Promise<void> {
    await Promise.resolve();
    const failure = this.#network.openFailure;
    this.#network.openFailure = undefined;
    if (failure !== undefined) throw failure;
    this.#handlers = handlers;
    this.#network.join(this);
    handlers.onEndpoints([this.endpoint]);
  }

  // The port's own list of arguments.
  // eslint-disable-next-line @typescript-eslint/max-params
  send(
    bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failures: number) => void,
  ): void {
    this.#network.carry(this, Buffer.from(bytes.subarray(0, length)), toGroup, to);
    this.#settle(done);
  }

  receive(from: Endpoint, viaGroup: boolean, bytes: Buffer): void {
    this.#handlers?.onDatagram({ from, viaGroup }, bytes);
  }

  snapshot(): TransportSnapshot {
    const isOpen = this.#handlers !== undefined;
    return {
      endpoints: isOpen ? [this.endpoint] : [],
      multicast: isOpen && this.group !== undefined ? ['mem0'] : [],
      receiveBufferBytes: undefined,
      refusedSources: 0,
    };
  }

  async close(): Promise<void> {
    this.#handlers = undefined;
    this.#network.leave(this);
    return Promise.resolve();
  }

  #settle(done: (failures: number) => void): void {
    const { clock, stalled } = this.#network;
    if (stalled) clock.schedule(clock.now() + STALL_MS, () => this.#settle(done));
    else clock.scheduleImmediate(() => done(0));
  }
}
