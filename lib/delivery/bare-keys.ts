import { isBare, loadOf, type OutgoingEvent, type PendingEvent } from './pending-event.js';

/**
 * The bare keys that wait to be sent. Those that have been sent are not taken out one by one, which would cost as much
 * as all else that is done to an event, but at times all together.
 */
export class BareKeys {
  #byKey = new Map<string, PendingEvent>();

  /** The event of the key that still waits. */
  find(key: string): PendingEvent | undefined {
    const entry = this.#byKey.get(key);
    return entry?.waiting === true ? entry : undefined;
  }

  /** How much room these take, when those are left out that will merge. */
  loadOf(events: readonly OutgoingEvent[]): number {
    const keys = new Set<string>();
    let load = 0;
    for (const event of events) {
      if (isBare(event)) {
        if (this.find(event.key) !== undefined || keys.has(event.key)) continue;
        keys.add(event.key);
      }
      load += loadOf(event);
    }
    return load;
  }

  add(key: string, entry: PendingEvent): void {
    this.#byKey.set(key, entry);
  }

  /** Forgets all that are not among these. */
  keepOnly(entries: readonly PendingEvent[]): void {
    // Not cleared: the tables that a map leaves behind hold on to those that follow, and the heap fills with dead keys.
    this.#byKey = new Map();
    for (const entry of entries) {
      if (entry.waiting && isBare(entry.event)) this.#byKey.set(entry.event.key, entry);
    }
  }
}
