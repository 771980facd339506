import { failureText } from '../bus/failure-text.js';
import type { MeshLogger } from '../options/mesh-logger.js';

/** A failure a second would fill a log; the first one and then a count are what an operator needs. */
const SILENCE_MS = 10_000;

interface Watched {
  readonly promise: Promise<unknown>;
  times: number;
}

/**
 * Counts failures that nobody may be waiting for, and tells of them at most once in ten seconds. Of errors that are
 * not this library's only name and code are told: messages and data of an application are not its to print.
 */
export class FailureLog {
  readonly #logger: MeshLogger | false;
  readonly #what: string;
  #count = 0;
  #told = 0;
  #silentUntil = 0;
  #watched: Watched | undefined;

  constructor(logger: MeshLogger | false, what: string) {
    this.#logger = logger;
    this.#what = what;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts a failure for each time that the promise is given, if it rejects: emits of one flush share it. */
  watch(promise: Promise<unknown>): void {
    if (this.#watched?.promise === promise) {
      this.#watched.times++;
      return;
    }
    const watched: Watched = { promise, times: 1 };
    this.#watched = watched;
    promise.catch((failure: unknown) => this.add(failure, watched.times));
  }

  /** Counts a failure that was caught. */
  add(failure: unknown, times = 1): void {
    this.#count += times;
    const now = performance.now();
    if (this.#logger === false || now < this.#silentUntil) return;
    this.#silentUntil = now + SILENCE_MS;
    const untold = this.#count - this.#told;
    this.#told = this.#count;
    const more = untold === 1 ? '' : `, and ${untold - 1} more since this was last said`;
    this.#logger.warn(`${this.#what} failed: ${failureText(failure)}${more}`);
  }
}
