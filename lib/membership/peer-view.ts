import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';

/**
 * `alive` is heard; `suspect` has been silent for 3 of its heartbeats; `unreadable` too, and sends what this node can not
 * read; `left` said goodbye; `dead` fell silent.
 */
export type PeerState = 'alive' | 'suspect' | 'unreadable' | 'left' | 'dead';

/** A member as others may see it. */
export interface PeerView {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly zone: string | undefined;
  readonly state: PeerState;
  /** A v1 node: it cannot repair, prove its address, or say goodbye. */
  readonly legacy: boolean;
  /** It only publishes. */
  readonly client: boolean;
  readonly lastHeardAt: Instant;
}
