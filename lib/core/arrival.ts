import type { Endpoint } from '../primitives/endpoint.js';

/** Where a datagram came from, and by which way. */
export interface Arrival {
  readonly from: Endpoint;
  /** It was addressed to the group and not to this node alone. */
  readonly viaGroup: boolean;
}
