import type { NodeCounters } from './counters.js';

export interface NodeStats {
  readonly counters: Readonly<NodeCounters>;
  /** What was dropped of what arrived, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly pendingKeys: number;
  readonly members: number;
  readonly unverified: number;
}
