import { isThenable } from '../primitives/is-thenable.js';
import type { BusLog } from './bus-log.js';
import { failureText } from './failure-text.js';
import type { BusCounters } from './mesh-metrics.js';

/** At most one line in this time, however many handlers fail. */
const REPORT_INTERVAL_MS = 10_000;

/** How a run stands when the function has returned. */
export type RunState = 'running' | 'ended' | 'failed';

type OnEnd = (failed: boolean) => void;

/** An asynchronous run of one of the user's functions. */
export interface HandlerRun {
  /** What it subscribed to, unless that is a key. */
  readonly pattern: string | undefined;
  /** The event, the list of events, or whatever else it is told. */
  readonly argument: unknown;
  /** Resolves when it has ended, well or not. */
  readonly ended: Promise<void>;
}

/** Calls the user's functions. What they throw, or reject with later, is counted and logged, and stops nobody. */
export class HandlerRunner {
  readonly #log: BusLog;
  readonly #counters: BusCounters;
  readonly #now: () => number;
  readonly #onRun: ((run: HandlerRun) => void) | undefined;
  #unreported = 0;
  #quietUntil = Number.NEGATIVE_INFINITY;

  /**
   * @param now a monotonic clock in milliseconds
   * @param onRun told of each asynchronous run
   */
  constructor(log: BusLog, counters: BusCounters, now: () => number, onRun?: (run: HandlerRun) => void) {
    this.#log = log;
    this.#counters = counters;
    this.#now = now;
    this.#onRun = onRun;
  }

  /**
   * @param pattern what the handler subscribed to, to name it when it fails
   * @param onEnd called later, when an asynchronous run has ended
   * @returns `running` where it is asynchronous, and so still under way
   */
  run<T>(handler: (argument: T) => unknown, argument: T, pattern?: string, onEnd?: OnEnd): RunState {
    try {
      const result = handler(argument);
      if (!isThenable(result)) return 'ended';
      // By a promise of our own, as another's may call back twice, or at once.
      const ended = Promise.resolve(result).then(onEnd && (() => onEnd(false)), (error: unknown) => {
        this.#fail(error, pattern);
        onEnd?.(true);
      });
      this.#onRun?.({ pattern, argument, ended });
      return 'running';
    } catch (error) {
      this.#fail(error, pattern);
      return 'failed';
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
