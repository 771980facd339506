import type { NodeId } from '../primitives/node-id.js';

/** A datagram that its sender sealed: what it holds is known to those only who have the secret. */
export interface SealedPacket {
  readonly kind: 'sealed';
  readonly sender: NodeId;
  /** Names the secret among those of a node. */
  readonly keyId: number;
  /** The lower half of the cluster's tag, by which those of other meshes are told without opening them. */
  readonly clusterTag: number;
  /** Grows with each datagram that the sender seals. */
  readonly counter: number;
}
