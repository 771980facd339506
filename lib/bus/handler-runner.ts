import type { BusLog } from './bus-log.js';
import { failureText } from './failure-text.js';
import type { BusCounters } from './mesh-metrics.js';

/** At most one line in this time, however many handlers fail. */
const REPORT_INTERVAL_MS = 10_000;

/** Calls the user's functions. What they throw, or reject with later, is counted and logged, and stops nobody. */
export class HandlerRunner {
  readonly #log: BusLog;
  readonly #counters: BusCounters;
  readonly #now: () => number;
  #unreported = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;

  /** @param now a monotonic clock in milliseconds */
  constructor(log: BusLog, counters: BusCounters, now: () => number) {
    this.#log = log;
    this.#counters = counters;
    this.#now = now;
  }

  /**
   * @param pattern what the handler subscribed to, to name it when it fails
   * @param onEnd called later, when an asynchronous run has ended, well or not
   * @returns whether it is asynchronous, and so still under way
   */
  run<T>(handler: (argument: T) => unknown, argument: T, pattern?: string, onEnd?: () => void): boolean {
    try {
      const result = handler(argument);
      if (!isThenable(result)) return false;
      // By a promise of our own, as another's may call back twice, or at once.
      Promise.resolve(result).then(onEnd, (error: unknown) => {
        this.#fail(error, pattern);
        onEnd?.();
      });
      return true;
    } catch (error) {
      this.#fail(error, pattern);
      return false;
    }
  }

  #fail(error: unknown, pattern: string | undefined): void {
    this.#counters.handlerFailures++;
    this.#unreported++;
    const now = this.#now();
    if (now < this.#quietUntil) return;
    const which = pattern === undefined ? 'a mesh handler' : `a mesh handler of ${JSON.stringify(pattern)}`;
    const more = this.#unreported === 1 ? '' : `, and ${this.#unreported - 1} more since this was last said`;
    this.#log.warn(`${which} failed: ${failureText(error)}${more}`);
    this.#unreported = 0;
    this.#quietUntil = now + REPORT_INTERVAL_MS;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
