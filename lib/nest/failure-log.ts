import type { MeshLogger } from '../options/mesh-logger.js';

/** A failure a second would fill a log; the first one and then a count are what an operator needs. */
const SILENCE_MS = 10_000;

/**
 * Counts failures that nobody may be waiting for, and tells of them at most once in ten seconds. Only codes are told:
 * messages and data of an application are not this library's to print.
 */
export class FailureLog {
  readonly #logger: MeshLogger | false;
  readonly #what: string;
  #count = 0;
  #told = 0;
  #silentUntil = 0;

  constructor(logger: MeshLogger | false, what: string) {
    this.#logger = logger;
    this.#what = what;
  }

  get count(): number {
    return this.#count;
  }

  /** Bound to its instance: it is handed on as a callback. */
  readonly add = (failure: unknown): void => {
    this.#count++;
    const now = performance.now();
    if (this.#logger === false || now < this.#silentUntil) return;
    this.#silentUntil = now + SILENCE_MS;
    const untold = this.#count - this.#told;
    this.#told = this.#count;
    const times = untold === 1 ? '' : `, ${untold} times since this was last said`;
    this.#logger.warn(`${this.#what} failed: ${codeOf(failure)}${times}`);
  };
}

function codeOf(failure: unknown): string {
  if (typeof failure !== 'object' || failure === null) return typeof failure;
  if ('code' in failure && isCode(failure.code)) return failure.code;
  if ('name' in failure && isCode(failure.name)) return failure.name;
  // What Nest's own filter makes of an exception that it has logged already.
  return 'status' in failure && isCode(failure.status) ? failure.status : 'unknown';
}

/** Identifiers only: what is longer, or holds anything else, may be somebody's data. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,64}$/.test(value);
}
