import type { Instant } from '../primitives/instant.js';
import type { Clock, Timer } from './ports.js';

/** `setTimeout` takes a longer time for 1 ms. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;
/** If the wall clock is ahead by more than this all at once, the machine was suspended: the other clock stood still then. */
const SHORTEST_SUSPENSION_MS = 1000;

/**
 * The clock of this process. It counts the time for which the machine was suspended too: what others told of that time
 * would lie before this process began, otherwise. A wall clock that is put forward looks the same, and as a standstill of
 * the process does no harm. Its timers keep no process alive, its turns do: what waits for one is about to be sent. */
export class NodeClock implements Clock {
  #suspendedMs = 0;
  #aheadMs = Date.now() - performance.now();

  now(): Instant {
    const monotonic = performance.now();
    const aheadMs = Date.now() - monotonic;
    if (aheadMs - this.#aheadMs >= SHORTEST_SUSPENSION_MS) this.#suspendedMs += aheadMs - this.#aheadMs;
    this.#aheadMs = aheadMs;
    return monotonic + this.#suspendedMs;
  }

  wallClockMs(): number {
    return Date.now();
  }

  schedule(at: Instant, callback: () => void): Timer {
    return new Alarm(this, at, callback);
  }

  scheduleImmediate(callback: () => void): Timer {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate) };
  }
}

/** Node's timers count whole milliseconds of the loop's own clock, and so fire up to one early: then it waits again. */
class Alarm implements Timer {
  readonly #clock: Clock;
  readonly #at: Instant;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout;

  constructor(clock: Clock, at: Instant, callback: () => void) {
    this.#clock = clock;
    this.#at = at;
    this.#callback = callback;
    this.#timeout = this.#set();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #set(): NodeJS.Timeout {
    const delayMs = Math.min(Math.ceil(this.#at - this.#clock.now()), LONGEST_TIMEOUT_MS);
    return setTimeout(() => this.#fire(), delayMs).unref();
  }

  #fire(): void {
    if (this.#clock.now() < this.#at) this.#timeout = this.#set();
    else this.#callback();
  }
}
