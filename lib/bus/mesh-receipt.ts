/** A node that a receipt speaks of. */
export interface MeshReceiptNode {
  /** Its bus's id, a UUID. */
  readonly id: string;
  /** `ip:port` at which it is reached. */
  readonly address: string;
  /** Its failure domain. */
  readonly zone: string | undefined;
}

/** Who has dealt with an event, as far as was known when the wait for it ended. Nodes are those of the time of publishing. */
export interface MeshReceipt {
  /** All their handlers have ended, asynchronous ones included; or they have missed it and handled a resync that covers it. */
  readonly acked: readonly MeshReceiptNode[];
  /** They have no handler for it, and so nothing to do. They count as well as those who have. */
  readonly idle: readonly MeshReceiptNode[];
  /** A handler of theirs has failed. */
  readonly refused: readonly MeshReceiptNode[];
  /** They have not answered yet, or have gone meanwhile. */
  readonly missing: readonly MeshReceiptNode[];
  /** Nodes of Warp Mesh v1, which can not answer and count for nothing. */
  readonly legacy: readonly MeshReceiptNode[];
  /** The zones of those in `acked` and `idle`, each once. */
  readonly zones: readonly string[];
  /** Since the publish, in milliseconds. */
  readonly elapsed: number;
}
