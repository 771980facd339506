import type { MeshMetrics } from './mesh-metrics.js';
import type { MeshPeer, MeshRole, MeshUnreadable } from './mesh-peer.js';
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
  /** `secretMode`, or `none` where there is no secret. */
  readonly sealing: 'none' | 'strict' | 'accept-plain' | 'send-both';
  readonly peers: readonly MeshPeer[];
  /** Who was heard in the last 3 heartbeats and can not be read, at most 64. */
  readonly unreadable: readonly MeshUnreadable[];
  /** Addresses that were heard or told of and have not proved themselves. */
  readonly unverifiedPeers: number;
  /** Events that wait to be sent, counted as for `limits.pendingKeys`. */
  readonly pendingKeys: number;
  /** Subscriptions to keys, streams included. */
  readonly subscriptions: number;
  readonly metrics: MeshMetrics;
}
