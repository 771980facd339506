import { isBare, type PendingEvent } from './pending-event.js';

/**
 * The bare keys that wait to be sent. Those that have been sent are not taken out one by one, which would cost as much
 * as all else that is done to an event, but at times all together.
 */
export class BareKeys {
  readonly #byKey = new Map<string, PendingEvent>();

  /** The event of the key that still waits. */
  find(key: string): PendingEvent | undefined {
    const entry = this.#byKey.get(key);
    return entry?.waiting === true ? entry : undefined;
  }

  add(key: string, entry: PendingEvent): void {
    this.#byKey.set(key, entry);
  }

  /** Forgets all that are not among these. */
  keepOnly(entries: readonly PendingEvent[]): void {
    this.#byKey.clear();
    for (const entry of entries) {
      if (entry.waiting && entry.event.kind === 'key' && isBare(entry.event)) this.#byKey.set(entry.event.key, entry);
    }
  }
}
