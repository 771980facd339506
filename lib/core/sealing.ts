import type { Opener } from '../security/opener.js';
import type { Sealer } from '../security/sealer.js';

/**
 * - `strict`: everything is sealed, and nothing else is heard
 * - `accept-plain`: nothing is sealed, and both are heard
 * - `send-both`: everything goes out twice, and both are heard
 */
export type SealingMode = 'strict' | 'accept-plain' | 'send-both';

/** How a node seals and opens. It outlives the node: a counter that met a key once must not meet it again. */
export interface NodeSealing {
  readonly mode: SealingMode;
  readonly sealer: Sealer;
  readonly opener: Opener;
}
