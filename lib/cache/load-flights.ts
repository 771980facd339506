import type { Fence } from '../reliability/fences.js';

interface Flight {
  readonly fence: Fence;
  readonly result: Promise<unknown>;
}

/** One load for all who want the same key, as long as no invalidation has overtaken it. */
export class LoadFlights {
  readonly #flights = new Map<string, Flight>();

  /** The load that is under way, unless it may bring what is older than an invalidation that the caller knows of. */
  find(key: string, isHearing: () => boolean): Promise<unknown> | undefined {
    const flight = this.#flights.get(key);
    if (flight === undefined) return undefined;
    // Where nothing can be kept anyway, one load for all is worth more than the newest.
    return flight.fence.isCurrent() || !isHearing() ? flight.result : undefined;
  }

  start(key: string, fence: Fence, load: () => Promise<unknown>): Promise<unknown> {
    const result = load().finally(() => {
      if (this.#flights.get(key)?.result === result) this.#flights.delete(key);
    });
    this.#flights.set(key, { fence, result });
    return result;
  }
}
