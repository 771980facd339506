import type { MeshEvent } from './mesh-event.js';
import type { MeshBatchListener, MeshListener } from './mesh-subscription.js';

interface Standing {
  readonly pattern: string;
  /** How a log may name it: not at all where the pattern is a key. */
  readonly label: string | undefined;
  active: boolean;
  /** Whether its listener is known to be asynchronous. Only such a one is ever made to wait. */
  isAsync: boolean;
  /** The load of its events that wait. */
  waiting: number;
}

/** One subscription to keys, told event by event. */
export interface EventSubscriber extends Standing {
  readonly kind: 'event';
  readonly listener: MeshListener<MeshEvent>;
}

/** One subscription to keys, told all events of a turn at once. */
export interface BatchSubscriber extends Standing {
  readonly kind: 'batch';
  readonly listener: MeshBatchListener;
  /** The events of this turn. */
  collected: MeshEvent[];
}

export type Subscriber = EventSubscriber | BatchSubscriber;

/** How a new subscription stands. */
export function standing(pattern: string, label: string | undefined, listener: unknown): Standing {
  return { pattern, label, active: true, isAsync: isAsyncFunction(listener), waiting: 0 };
}

/** By its tag, as one of another realm is no instance of ours. A function may return promises and not be one. */
function isAsyncFunction(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncFunction]';
}
