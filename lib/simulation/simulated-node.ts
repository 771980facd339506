import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { MeshNode } from '../core/mesh-node.js';
import type { NodeEvent } from '../core/node-event.js';

/** A node in the simulator, with what it has told its application. */
export interface SimulatedNode {
  /** Where its datagrams come from. */
  readonly endpoint: Endpoint;
  readonly node: MeshNode;
  /** Until it has crashed, or has left. */
  readonly running: boolean;
  readonly events: readonly NodeEvent[];
  /** Every key it delivered, in order, as often as it did. */
  readonly delivered: readonly DeliveredKey[];
  /** How often its timer fired. */
  readonly wakes: number;
}

export interface DeliveredKey {
  readonly at: Instant;
  readonly key: string;
  readonly sequence: number;
}
