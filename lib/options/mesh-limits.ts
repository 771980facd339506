/** The bounds of what one node keeps. What a stranger can make it keep is bounded by the first two. */
export interface MeshLimits {
  /** Members known at once. Default 4096. A peer beyond it is not greeted, and counted. */
  readonly peers: number;
  /** Addresses that were heard or told of and have not proved themselves. Default 1024. */
  readonly unverifiedPeers: number;
  /** Keys that may wait to be sent. Default 100,000. Beyond it `publish` rejects with `MESH_ERR_BACKPRESSURE`. */
  readonly pendingKeys: number;
  /** Datagrams handed to the kernel and not yet taken. Default 64. */
  readonly sendsInFlight: number;
  /** Events that one `stream()` keeps for a slow reader. Default 10,000. */
  readonly streamEvents: number;
}
