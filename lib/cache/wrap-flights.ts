import { type Deferred, deferred } from '../bus/deferred.js';
import type { Fence } from '../reliability/fences.js';

/** The calls of cache-manager's `wrap` for one key that are under way: it runs one loader for all of them. */
interface Flight {
  readonly fence: Fence;
  calls: number;
  readonly ended: Deferred;
}

/** What a call of `wrap` has made its loader do. */
interface Loading {
  /** Its fence is the one that is kept. */
  isOwn: boolean;
  isUnderWay: boolean;
}

/**
 * Knows when the loads of cache-manager's `wrap` began. It may read, load, and refresh in the background, and what it
 * then hands its stores says nothing of that.
 */
export class WrapFlights {
  readonly #makeFence: (key: string) => Fence;
  readonly #isHearing: () => boolean;
  readonly #flights = new Map<string, Flight>();
  /** Loads that may outlast the call that has begun them, as it had an old value to give. */
  readonly #refreshes = new Map<string, Fence>();

  constructor(makeFence: (key: string) => Fence, isHearing: () => boolean) {
    this.#makeFence = makeFence;
    this.#isHearing = isHearing;
  }

  /** Runs `wrap` with a loader that is known of. Whoever comes behind an invalidation gets nothing that is older. */
  async run(
    key: string,
    load: () => unknown,
    wrap: (load: () => Promise<unknown>) => Promise<unknown>,
  ): Promise<unknown> {
    const flight = await this.#join(key);
    const loading: Loading = { isOwn: false, isUnderWay: false };
    try {
      return await wrap(() => this.#load(key, load, loading));
    } finally {
      if (loading.isOwn && !loading.isUnderWay) this.#refreshes.delete(key);
      this.#leave(key, flight);
    }
  }

  endRefresh(key: string): void {
    this.#refreshes.delete(key);
  }

  /** Whether a load of the key is under way, and if so, whether what it brings may be kept. */
  judge(key: string): 'unknown' | 'current' | 'overtaken' {
    const fences = [this.#flights.get(key)?.fence, this.#refreshes.get(key)].filter((fence) => fence !== undefined);
    if (fences.length === 0) return 'unknown';
    return fences.every((fence) => fence.isCurrent()) ? 'current' : 'overtaken';
  }

  async #load(key: string, load: () => unknown, loading: Loading): Promise<unknown> {
    loading.isUnderWay = true;
    if (!this.#refreshes.has(key)) {
      loading.isOwn = true;
      this.#refreshes.set(key, this.#makeFence(key));
    }
    try {
      return await load();
    } finally {
      loading.isUnderWay = false;
    }
  }

  async #join(key: string): Promise<Flight> {
    let flight = this.#flights.get(key);
    // Where nothing can be kept anyway, one load for all is worth more than the newest.
    while (flight !== undefined && !flight.fence.isCurrent() && this.#isHearing()) {
      await flight.ended.promise;
      flight = this.#flights.get(key);
    }
    flight ??= { fence: this.#makeFence(key), calls: 0, ended: deferred() };
    flight.calls++;
    this.#flights.set(key, flight);
    return flight;
  }

  #leave(key: string, flight: Flight): void {
    if (--flight.calls > 0) return;
    this.#flights.delete(key);
    flight.ended.resolve();
  }
}
