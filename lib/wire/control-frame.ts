import type { NodeId } from '../primitives/node-id.js';
import type { Nonce } from '../primitives/nonce.js';

/** What all frames between verified members begin with. */
export interface ControlFrame {
  readonly sender: NodeId;
  readonly clusterTag: number;
  /** The addressee's nonce, which only one who hears at its own address knows. */
  readonly nonce: Nonce;
}
