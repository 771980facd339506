import type { Instant } from '../../lib/primitives/instant.js';
import type { Clock, Timer } from '../../lib/runtime/ports.js';

interface Scheduled {
  readonly at: Instant;
  readonly callback: () => void;
}

/** A clock that stands still until it is moved. Turns end when they are told to. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Scheduled>();
  readonly #immediates = new Set<Scheduled>();
  #now: Instant = 1000;
  #scheduled = 0;

  /** How many timers were ever set. */
  get scheduled(): number {
    return this.#scheduled;
  }

  /** How many timers and turns are waited for. */
  get pending(): number {
    return this.#timers.size + this.#immediates.size;
  }

  now(): Instant {
    return this.#now;
  }

  wallClockMs(): number {
    return 1_700_000_000_000 + this.#now;
  }

  schedule(at: Instant, callback: () => void): Timer {
    this.#scheduled++;
    return addTo(this.#timers, { at, callback });
  }

  scheduleImmediate(callback: () => void): Timer {
    return addTo(this.#immediates, { at: this.#now, callback });
  }

  /** Runs what waits for the end of the turn; what is added meanwhile waits for the next. */
  endTurn(): void {
    const due = [...this.#immediates];
    this.#immediates.clear();
    for (const { callback } of due) callback();
  }

  /** Lets time pass; every timer fires when it is due, and turns end in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#now = Math.max(this.#now, next.at);
      this.#fire(next);
      await this.#settle();
    }
    this.#now = end;
  }

  /** The process stands still: time passes, and nothing runs. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Fires the timers that are due by now, and ends no turn. */
  fireDue(): void {
    for (let next = this.#next(); next !== undefined && next.at <= this.#now; next = this.#next()) this.#fire(next);
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#immediates.size === 0) return;
      this.endTurn();
    }
  }

  #fire(timer: Scheduled): void {
    this.#timers.delete(timer);
    timer.callback();
  }

  #next(): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }
}

function addTo(waiting: Set<Scheduled>, entry: Scheduled): Timer {
  waiting.add(entry);
  return { cancel: () => void waiting.delete(entry) };
}
