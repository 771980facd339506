import type { PeerState } from '../membership/peer-view.js';
import type { UnreadableReason } from '../membership/unreadable-book.js';

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
  /**
   * `alive` is heard, `suspect` has been silent for a while, `unreadable` too and sends what does not open here, `left`
   * said goodbye, `dead` was given up.
   */
  readonly state: PeerState;
  /** A node of Warp Mesh v1: what it sends can be lost, and it says no goodbye. */
  readonly legacy: boolean;
  readonly role: MeshRole;
  /** When it was last heard, in milliseconds since the epoch. */
  readonly lastHeard: number;
}

/** An address from which something comes that this node can not read, though it seems to be of this mesh. */
export interface MeshUnreadable {
  /** `ip:port` that it came from. */
  readonly address: string;
  /** The id that it claims: nothing of it is proved. */
  readonly id: string;
  /**
   * `other-secret`: it does not open with any secret of this node. `plain`: it is not sealed, and this node hears nothing
   * else. `sealed`: it is, and this node has no secret.
   */
  readonly reason: UnreadableReason;
  /** In milliseconds since the epoch. */
  readonly lastHeard: number;
}
