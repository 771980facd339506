import type { MeshMetrics } from './mesh-metrics.js';
import type { MeshPeer, MeshRole } from './mesh-peer.js';
import type { MeshStatus } from './mesh-status.js';

/** The whole picture of one node, for a debug endpoint or a bug report. Plain JSON, with no keys and no data in it. */
export interface MeshSnapshot {
  readonly id: string;
  readonly cluster: string;
  readonly zone: string | undefined;
  readonly role: MeshRole;
  readonly status: MeshStatus;
  /** All addresses at which this node is reached, the advertised one first. */
  readonly endpoints: readonly string[];
  /** Names of the interfaces on which the group is joined. */
  readonly multicast: readonly string[];
  /** What the kernel gave to the smallest socket. */
  readonly receiveBufferBytes: number | undefined;
  readonly peers: readonly MeshPeer[];
  /** Addresses that were heard or told of and have not proved themselves. */
  readonly unverifiedPeers: number;
  /** Events that wait to be sent. */
  readonly pendingKeys: number;
  /** Subscriptions to keys, streams included. */
  readonly subscriptions: number;
  readonly metrics: MeshMetrics;
}
