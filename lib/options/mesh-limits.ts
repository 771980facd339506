/** The bounds of what one node keeps. What a stranger can make it keep is bounded by the first two. */
export interface MeshLimits {
  /** Members known at once. Default 4096. A peer beyond it is not greeted, and counted. */
  readonly peers: number;
  /** Addresses that were heard or told of and have not proved themselves. Default 1024. */
  readonly unverifiedPeers: number;
  /**
   * Events that may wait to be sent; one that takes several datagrams counts for each of them. Default 100,000. Beyond it
   * bare keys become one resync `overload` at the others, and `publish` with data rejects with `MESH_ERR_BACKPRESSURE`.
   */
  readonly pendingKeys: number;
  /** Datagrams handed to the kernel and not yet taken. Default 64. */
  readonly sendsInFlight: number;
  /** Bytes of datagrams kept to be repeated, own ones and those of others each. Default 4 MiB. */
  readonly repairBytes: number;
  /** How long a datagram is kept to be repeated, in milliseconds. Default 300,000. */
  readonly repairAge: number;
  /** Events that one `stream()` keeps for a slow reader, counted as those of `handlerEvents`. Default 10,000. */
  readonly streamEvents: number;
  /**
   * Asynchronous runs of handlers, of events and of requests, that are under way at once. Default 1000. Beyond it events and
   * requests wait, in order.
   */
  readonly handlers: number;
  /**
   * Events that wait for asynchronous handlers, one for each handler, and requests that do. Default 100,000. One that comes
   * in fragments counts for each of them. Beyond it events are dropped, and become one resync `overload` here; requests
   * are refused, and their askers told so.
   */
  readonly handlerEvents: number;
}
