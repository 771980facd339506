import type { Instant } from '../primitives/instant.js';
import { EventHeap } from './event-heap.js';

/** Virtual time: it passes only when it is told to, and then at once from one happening to the next. */
export class Timeline {
  readonly #heap = new EventHeap<() => void>();
  #now: Instant = 0;

  get now(): Instant {
    return this.#now;
  }

  /** Of what is due at one instant, that which was asked for first happens first. */
  at(instant: Instant, happen: () => void): void {
    this.#heap.push(instant, happen);
  }

  /** Lets time pass until `done`, at most `withinMs`. Returns whether it came to that. */
  runUntil(done: () => boolean, withinMs: number): boolean {
    const end = this.#now + withinMs;
    while (!done()) {
      const next = this.#heap.nextAt();
      if (next === undefined || next > end) {
        this.#now = end;
        return done();
      }
      this.#now = Math.max(this.#now, next);
      this.#heap.pop()?.();
    }
    return true;
  }
}
