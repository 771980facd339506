import type { MeshEvent } from './mesh-event.js';

/** What ends the listening that it was returned for. */
export interface MeshSubscription {
  /** Idempotent. After it the listener is not called any more, even for an event that is being told right now. */
  readonly unsubscribe: () => void;
}

/** A subscription to keys. */
export interface MeshKeySubscription extends MeshSubscription {
  /** As it was given. */
  readonly pattern: string;
}

/** Is called with what happened. It may be asynchronous; what it throws is counted, logged by its code, and harms nobody. */
export type MeshListener<T> = (value: T) => unknown;

/** Is called, as a {@link MeshListener}, with the events that arrived together: at least one, in order. */
export type MeshBatchListener = MeshListener<readonly MeshEvent[]>;

export interface MeshListenOptions {
  /** Unsubscribes when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

export interface MeshStreamOptions extends MeshListenOptions {
  /** Events kept for a slow reader, 1 or more. Default `limits.streamEvents`. */
  readonly limit?: number | undefined;
}
