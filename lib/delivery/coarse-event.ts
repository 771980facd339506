import { bucketOf } from '../primitives/bucket-set.js';
import type { BucketsEvent, OutgoingEvent, PendingEvent } from './pending-event.js';

/** What stands in the queue for keys that were too many to wait one by one. */
export type CoarseEvent = PendingEvent & { readonly event: BucketsEvent };

/** What names keys and nothing else. Nobody could answer for one that is a bucket. */
export function isCoarsenable(event: OutgoingEvent): boolean {
  return event.data === undefined && event.metadata === undefined && event.ask === undefined;
}

/** Lets the buckets stand for one event more. A pattern may match any key. */
export function addTo(coarse: BucketsEvent, event: OutgoingEvent): void {
  if (event.kind === 'matching') coarse.buckets = 'all';
  // A question says nothing of any cache.
  else if (event.kind === 'key' && coarse.buckets !== 'all') coarse.buckets.add(bucketOf(event.key));
}

export function addAll(coarse: BucketsEvent, entries: readonly PendingEvent[]): void {
  for (const { event } of entries) if (event.kind !== 'buckets') addTo(coarse, event);
}
