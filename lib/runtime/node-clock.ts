import type { Instant } from '../primitives/instant.js';
import type { Clock, Timer } from './ports.js';

/** `setTimeout` takes a longer time for 1 ms. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;

/** The clock of this process. Its timers keep no process alive, its turns do: what waits for one is about to be sent. */
export class NodeClock implements Clock {
  now(): Instant {
    return performance.now();
  }

  wallClockMs(): number {
    return Date.now();
  }

  schedule(at: Instant, callback: () => void): Timer {
    return new Alarm(at, callback);
  }

  scheduleImmediate(callback: () => void): Timer {
    const immediate = setImmediate(callback);
    return { cancel: () => clearImmediate(immediate) };
  }
}

/** Node's timers count whole milliseconds of the loop's own clock, and so fire up to one early: then it waits again. */
class Alarm implements Timer {
  readonly #at: Instant;
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout;

  constructor(at: Instant, callback: () => void) {
    this.#at = at;
    this.#callback = callback;
    this.#timeout = this.#set();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }

  #set(): NodeJS.Timeout {
    const delayMs = Math.min(Math.ceil(this.#at - performance.now()), LONGEST_TIMEOUT_MS);
    return setTimeout(() => this.#fire(), delayMs).unref();
  }

  #fire(): void {
    if (performance.now() < this.#at) this.#timeout = this.#set();
    else this.#callback();
  }
}
