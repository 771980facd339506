import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { Random } from '../primitives/random.js';
import type { Arrival } from '../core/arrival.js';

/**
 * What has become of the sockets, in words for an operator. The transport itself says each thing once: an interface once
 * for each time that it goes, a refused source once, so all that comes is worth a line of log.
 */
export interface TransportWarning {
  readonly code:
    | 'multicast-unavailable'
    | 'receive-buffer'
    | 'interface-lost'
    | 'interface-back'
    | 'port-taken'
    | 'source-refused'
    | 'handler-failed';
  readonly message: string;
}

export interface TransportHandlers {
  /** `bytes` belongs to the transport again when the call returns. */
  onDatagram(arrival: Arrival, bytes: Buffer): void;
  /** The addresses that this node can be reached at have changed; all of them, the advertised one first. */
  onEndpoints(endpoints: readonly Endpoint[]): void;
  onWarning(warning: TransportWarning): void;
}

/** How a node stands on its networks, for `snapshot()` and the line that is logged at start. */
export interface TransportSnapshot {
  readonly endpoints: readonly Endpoint[];
  /** The names of the interfaces on which the group is joined. */
  readonly multicast: readonly string[];
  /** What the kernel gave to the smallest socket, in bytes, without what it adds for its own bookkeeping. */
  readonly receiveBufferBytes: number | undefined;
  /** Datagrams dropped because of where they came from, by the option `allow`. */
  readonly refusedSources: number;
}

/** The sockets of one node. */
export interface DatagramTransport {
  /**
   * Binds and joins. Resolves when datagrams can come and go; `onEndpoints` has then been called.
   *
   * @throws MeshError `MESH_ERR_CONFIG` an interface is missing, `MESH_ERR_PORT_IN_USE`, `MESH_ERR_SOCKET`
   */
  open(handlers: TransportHandlers): Promise<void>;

  /**
   * Sends the first `length` bytes to the group, if `toGroup`, on each interface, and to each endpoint. Calls `done`
   * exactly once, later, never within this call, when the kernel has taken or refused all of them; `failures` counts those refused.
   */
  send(
    bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failures: number) => void,
  ): void;

  snapshot(): TransportSnapshot;

  /** Idempotent. After it no handler is called any more. */
  close(): Promise<void>;
}

/** A timer that was set; `cancel` may be called at any time, also after it fired. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  now(): Instant;
  /** Milliseconds since the epoch. */
  wallClockMs(): number;
  /** Calls back once, not before `at`. The timer does not keep the process alive. */
  schedule(at: Instant, callback: () => void): Timer;
  /** Calls back at the end of this turn of the event loop. */
  scheduleImmediate(callback: () => void): Timer;
}

/** Host names to IPv4 addresses. */
export interface Resolver {
  /** All addresses of the name; empty when there are none. Never rejects: a name may come to be later. */
  resolve(host: string): Promise<readonly string[]>;
}

/** The world outside, as one node sees it. */
export interface RuntimePorts {
  readonly transport: DatagramTransport;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
}
