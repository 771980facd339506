import { type Deferred, deferred } from './deferred.js';

/** What publishers wait for: one promise for each flush, shared by all publishes that leave with it. */
export class Flushes {
  /** By ticket. Tickets only grow, so they stand in order. */
  readonly #waiting = new Map<number, Deferred>();
  #flushed = 0;

  /** Whether anybody waits. */
  get isAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when the kernel has all that belongs to the ticket. */
  wait(ticket: number): Promise<void> {
    if (ticket <= this.#flushed) return Promise.resolve();
    let flush = this.#waiting.get(ticket);
    if (flush === undefined) {
      flush = deferred();
      // Who publishes and does not wait must not have the process ended by a promise of which he made nothing.
      flush.promise.catch(() => undefined);
      this.#waiting.set(ticket, flush);
    }
    return flush.promise;
  }

  /** The kernel has everything up to the ticket. */
  flushed(ticket: number): void {
    this.#flushed = Math.max(this.#flushed, ticket);
    for (const [waiting, flush] of this.#waiting) {
      if (waiting > ticket) continue;
      this.#waiting.delete(waiting);
      flush.resolve();
    }
  }

  /** What waits will not be sent. */
  fail(reason: Error): void {
    for (const flush of this.#waiting.values()) flush.reject(reason);
    this.#waiting.clear();
  }
}
