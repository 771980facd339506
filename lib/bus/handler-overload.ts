import type { MeshLimits } from '../options/mesh-limits.js';
import { BucketSet, bucketOf } from '../primitives/bucket-set.js';
import type { Timer } from '../runtime/ports.js';
import type { BusLog } from './bus-log.js';
import { handlerOverloadMessage, requestOverloadMessage } from './bus-messages.js';
import type { MeshEvent } from './mesh-event.js';
import type { BusCounters } from './mesh-metrics.js';
import type { ResyncCause } from './mesh-resync.js';

/**
 * From the first event that is dropped to the resync. Who holds copies goes over all of them for each resync, so that one
 * for each datagram would make the overload worse. What waits in front of a dropped event is late by more than this.
 */
const COLLECT_MS = 100;

interface OverloadParts {
  readonly counters: BusCounters;
  readonly limits: MeshLimits;
  readonly log: BusLog;
  readonly schedule: (delayMs: number, callback: () => void) => Timer;
  readonly raise: (cause: ResyncCause) => void;
}

/**
 * Makes one resync of what asynchronous handlers were too slow for. Not when there is room again: where a handler hangs
 * that may be never.
 */
export class HandlerOverload {
  readonly #parts: OverloadParts;
  #buckets = new BucketSet();
  #timer: Timer | undefined;

  constructor(parts: OverloadParts) {
    this.#parts = parts;
  }

  drop(events: readonly MeshEvent[]): void {
    this.#parts.counters.handlerDropped += events.length;
    this.#parts.log.warnOnce('handler-overload', handlerOverloadMessage(this.#parts.limits));
    for (const { key } of events) this.#buckets.add(bucketOf(key));
    this.#timer ??= this.#parts.schedule(COLLECT_MS, () => this.#raise());
  }

  /** A question was refused. */
  refuse(): void {
    this.#parts.counters.requestsRefused++;
    this.#parts.log.warnOnce('request-overload', requestOverloadMessage(this.#parts.limits));
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #raise(): void {
    const buckets = this.#buckets;
    this.#buckets = new BucketSet();
    this.#timer = undefined;
    this.#parts.raise({ reason: 'overload', origin: undefined, buckets });
  }
}
