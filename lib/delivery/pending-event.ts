import type { Ask } from '../primitives/ask.js';
import type { BucketSet } from '../primitives/bucket-set.js';

/** A key, a pattern or a question to send, checked and serialised by the caller: nothing below refuses it for its content. */
export interface OutgoingEvent {
  readonly kind: 'key' | 'matching' | 'request';
  /** 1 to 1024 bytes of well-formed text. */
  readonly key: string;
  readonly data: Buffer | undefined;
  readonly metadata: Buffer | undefined;
  /** The publisher waits until the handlers of others have ended, or for what they answer. */
  readonly ask?: Ask | undefined;
  /** How many datagrams data and metadata take beside the one with the key, which has no room for them. Default 0. */
  readonly fragments?: number | undefined;
}

/** What stands for keys that were too many to send one by one. */
export interface BucketsEvent {
  readonly kind: 'buckets';
  buckets: BucketSet | 'all';
}

export type QueuedEvent = OutgoingEvent | BucketsEvent;

/** An event that waits to be sent. */
export interface PendingEvent {
  readonly event: QueuedEvent;
  /** The flush that it belongs to. */
  readonly ticket: number;
  /** How many publications want it; none left means that it was withdrawn. */
  claims: number;
  waiting: boolean;
}

/** What one call of `publish` put in. */
export interface Publication {
  /** The flush after which all of it is with the kernel. */
  readonly ticket: number;
  readonly pending: readonly PendingEvent[];
}

/** Equal bare keys say the same twice. Data, metadata and patterns are never merged. */
export function isBare(event: QueuedEvent): event is OutgoingEvent {
  if (event.kind !== 'key' || event.ask !== undefined) return false;
  return event.data === undefined && event.metadata === undefined;
}

/** How much of the room for what waits it takes: one for each datagram that it does not share with others. */
export function loadOf(event: QueuedEvent): number {
  return event.kind === 'buckets' ? 1 : 1 + (event.fragments ?? 0);
}
