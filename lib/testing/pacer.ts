import type { Instant } from '../primitives/instant.js';
import type { MemoryClock } from './memory-clock.js';
import { Turns } from './turns.js';

/** Something for which time is to pass. */
export interface Goal {
  /** How far it may pass. */
  readonly horizon: Instant;
  /** Asked in each turn, before time passes. Returns whether it is over. */
  review(nextAt: Instant | undefined): boolean;
}

/**
 * Lets the time of a mesh pass, while anything wants it to: one happening a turn of the event loop, so that whatever
 * promises follow from it are done before the next. It never waits for real time, and rests when nothing wants it.
 */
export class Pacer {
  readonly #clock: MemoryClock;
  readonly #horizon: () => Instant;
  readonly #turns = new Turns();
  readonly #goals = new Set<Goal>();
  #running = false;

  /** @param horizon how far time may pass without a goal; asked before it does */
  constructor(clock: MemoryClock, horizon: () => Instant) {
    this.#clock = clock;
    this.#horizon = horizon;
  }

  /** Something is to happen, or somebody waits: it may be time for it. */
  wake(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  pursue(goal: Goal): void {
    this.#goals.add(goal);
    this.wake();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#turns.next();
      if (this.#step()) continue;
      // Whatever handlers wait for comes from the loop, which a busy port holds up.
      this.#turns.rest();
      if (this.#goals.size === 0) break;
    }
    this.#running = false;
  }

  /** Returns whether something happened. */
  #step(): boolean {
    if (this.#clock.runImmediate()) return true;
    for (const goal of this.#goals) if (goal.review(this.#clock.nextAt())) this.#goals.delete(goal);
    let horizon = this.#horizon();
    for (const goal of this.#goals) horizon = Math.max(horizon, goal.horizon);
    return this.#clock.runTimer(horizon);
  }
}
