import type { Instant } from '../primitives/instant.js';
import type { Clock, Timer } from '../runtime/ports.js';

/** Where the wall clock of every mesh in memory begins: 2023-11-14T22:13:20Z. */
const EPOCH_MS = 1_700_000_000_000;

interface Scheduled {
  readonly at: Instant;
  readonly callback: () => void;
}

/** A clock that stands still until something makes it go on, and then goes from one happening to the next. */
export class MemoryClock implements Clock {
  readonly #timers = new Set<Scheduled>();
  readonly #immediates = new Set<Scheduled>();
  readonly #onSchedule: () => void;
  #now: Instant = 1000;

  /** @param onSchedule called each time that something is to happen; it does not make it happen at once */
  constructor(onSchedule: () => void = () => undefined) {
    this.#onSchedule = onSchedule;
  }

  now(): Instant {
    return this.#now;
  }

  wallClockMs(): number {
    return EPOCH_MS + this.#now;
  }

  schedule(at: Instant, callback: () => void): Timer {
    return this.#add(this.#timers, { at, callback });
  }

  scheduleImmediate(callback: () => void): Timer {
    return this.#add(this.#immediates, { at: this.#now, callback });
  }

  /** Calls back the first that waits for the end of the turn. Returns whether there was one. */
  runImmediate(): boolean {
    const [first] = this.#immediates;
    if (first === undefined) return false;
    this.#immediates.delete(first);
    first.callback();
    return true;
  }

  /** When the next timer is due. */
  nextAt(): Instant | undefined {
    return this.#next()?.at;
  }

  /** Goes on to the next timer, if it is due by then, and calls back. Returns whether it was. */
  runTimer(by: Instant): boolean {
    const next = this.#next();
    if (next === undefined || next.at > by) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }

  /** It is this late now: there is no timer up to it. */
  goOnTo(instant: Instant): void {
    this.#now = Math.max(this.#now, instant);
  }

  /** Of those due at one instant, the one that was set first. */
  #next(): Scheduled | undefined {
    let next: Scheduled | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    return next;
  }

  #add(waiting: Set<Scheduled>, entry: Scheduled): Timer {
    waiting.add(entry);
    this.#onSchedule();
    return { cancel: () => void waiting.delete(entry) };
  }
}
