import type { NodeEvent } from '../core/node-event.js';
import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { SimulatedNode } from './simulated-node.js';

/** A datagram on its way to one receiver, before the network has decided what becomes of it. */
export interface Carriage {
  readonly at: Instant;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly viaGroup: boolean;
  readonly bytes: Buffer;
}

/** Why a datagram did not come to the node that it was sent to: `gone` when nobody lives there. */
export type DropCause = 'lost' | 'cut' | 'overrun' | 'asleep' | 'gone';

/** Who watches a simulation sees everything in the order in which it happens, and changes nothing. */
export interface SimulatorObserver {
  /** A node hands a datagram out: once, whoever it goes to. */
  onTransmit?(node: SimulatedNode, bytes: Buffer): void;
  /** Of that datagram, the copy for one receiver. */
  onCarry?(carriage: Carriage): void;
  /** That copy does not come. */
  onDrop?(carriage: Carriage, cause: DropCause): void;
  /** A node reads a datagram. */
  onArrive?(node: SimulatedNode, carriage: Carriage): void;
  /** A node tells its application. */
  onEvent?(node: SimulatedNode, event: NodeEvent): void;
}
