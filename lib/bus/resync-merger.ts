import type { NodeId } from '../primitives/node-id.js';
import { BucketSet } from '../primitives/bucket-set.js';
import { TokenBucket } from '../primitives/token-bucket.js';
import type { Timer } from '../runtime/ports.js';
import { RecentMap } from '../primitives/recent-map.js';
import type { ResyncCause } from './mesh-resync.js';

/** A peer that falls behind, and comes back, stays well below. */
const TERMS = { perMs: 0.01, burst: 10 } as const;
/** Of all peers together: one that lies can speak for many who never were. */
const TOTAL_TERMS = { perMs: 0.05, burst: 50 } as const;
const MERGE_MS = 100;
/** Peers that are remembered at once. */
const MOST_PEERS = 4096;

interface Parts {
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly schedule: (delayMs: number, callback: () => void) => Timer;
  readonly raise: (cause: ResyncCause) => void;
  /** Something is covered that will be told a little later. */
  readonly onDelay: (cause: ResyncCause) => void;
}

/**
 * Resyncs of one peer: beyond ten at once and ten a second they wait, and become one that covers all. So a peer that has
 * gone mad does not have caches flushed without end, and none is lost. All peers together have fifty at once and fifty a second.
 */
export class ResyncMerger {
  readonly #parts: Parts;
  readonly #budgets = new RecentMap<NodeId, TokenBucket>(MOST_PEERS);
  readonly #waiting = new Map<NodeId, ResyncCause>();
  #total: TokenBucket | undefined;
  #timer: Timer | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  note(cause: ResyncCause): void {
    const { origin } = cause;
    if (origin === undefined || (!this.#waiting.has(origin) && this.#mayPass(origin))) return this.#parts.raise(cause);
    this.#waiting.set(origin, merged(this.#waiting.get(origin), cause));
    this.#parts.onDelay(cause);
    this.#timer ??= this.#parts.schedule(MERGE_MS, this.#tell);
  }

  /** Tells at once what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#tell();
  }

  readonly #tell = (): void => {
    this.#timer = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    const [first, ...others] = waiting.filter(({ buckets }) => buckets === 'all');
    // One of everything is as good as many.
    if (others.length > 0) this.#parts.raise({ ...first!, origin: undefined });
    for (const cause of others.length > 0 ? waiting.filter(({ buckets }) => buckets !== 'all') : waiting) {
      this.#parts.raise(cause);
    }
  };

  #mayPass(origin: NodeId): boolean {
    const now = this.#parts.now();
    const budget = this.#budgets.get(origin) ?? new TokenBucket(now, TERMS);
    this.#budgets.set(origin, budget);
    this.#total ??= new TokenBucket(now, TOTAL_TERMS);
    return budget.take(now, 1) && this.#total.take(now, 1);
  }
}

/** The first reason stands for all. */
function merged(first: ResyncCause | undefined, second: ResyncCause): ResyncCause {
  if (first === undefined) return second;
  if (first.buckets === 'all' || second.buckets === 'all') return { ...first, buckets: 'all' };
  const buckets = new BucketSet();
  buckets.addAll(first.buckets);
  buckets.addAll(second.buckets);
  return { ...first, buckets };
}
