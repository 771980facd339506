import type { PeerState } from '../membership/peer-view.js';

/** `client`: it only publishes, and counts for no quorum. */
export type MeshRole = 'member' | 'client';

/** Another node, as it was known at that moment. */
export interface MeshPeer {
  /** Its bus's id, a UUID. */
  readonly id: string;
  /** `ip:port` at which it is reached. */
  readonly address: string;
  /** Its failure domain. */
  readonly zone: string | undefined;
  /** `alive` is heard, `suspect` has been silent for a while, `left` said goodbye, `dead` was given up. */
  readonly state: PeerState;
  /** A node of Warp Mesh v1: what it sends can be lost, and it says no goodbye. */
  readonly legacy: boolean;
  readonly role: MeshRole;
  /** When it was last heard, in milliseconds since the epoch. */
  readonly lastHeard: number;
}
