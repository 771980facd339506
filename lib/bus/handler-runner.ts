import type { BusLog } from './bus-log.js';
import type { BusCounters } from './mesh-metrics.js';

/** At most one line in this time, however many handlers fail. */
const REPORT_INTERVAL_MS = 10_000;
/** What may stand in a log: an error's message can hold keys and data, its code or name does not. */
const CODE = /^[\w.-]{1,64}$/;

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

  run<T>(handler: (argument: T) => unknown, argument: T): void {
    try {
      const result = handler(argument);
      if (isThenable(result)) result.then(undefined, this.#fail);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #fail = (error: unknown): void => {
    this.#counters.handlerFailures++;
    this.#unreported++;
    const now = this.#now();
    if (now < this.#quietUntil) return;
    const code = codeOf(error);
    this.#log.warn(
      this.#unreported === 1
        ? `a mesh handler failed: ${code}`
        : `${this.#unreported} mesh handlers failed since this was last said, lastly: ${code}`,
    );
    this.#unreported = 0;
    this.#quietUntil = now + REPORT_INTERVAL_MS;
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  try {
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
    for (const word of [code, name]) if (typeof word === 'string' && CODE.test(word)) return word;
  } catch {
    // An error may be anything, a proxy that throws included.
  }
  return 'Error';
}
