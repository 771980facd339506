import { type Deferred, deferred } from '../bus/deferred.js';
import type { Fence } from '../reliability/fences.js';

/** The calls of cache-manager's `wrap` for one key that are under way: it runs one loader for all of them. */
interface Flight {
  readonly fence: Fence;
  calls: number;
  readonly ended: Deferred;
}

/** A run of a loader. */
interface Loading {
  readonly fence: Fence;
  isUnderWay: boolean;
  /** The stores have been handed what it has brought. */
  isHanded: boolean;
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
  readonly #refreshes = new Map<string, Loading>();

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
    const own: { loading?: Loading } = {};
    try {
      const value = await wrap(() => this.#load(key, load, own));
      // A refresh that was quick may be about to hand on what it has brought.
      if (own.loading?.isHanded === true) this.#forget(key, own.loading);
      return value;
    } catch (error) {
      this.#forget(key, own.loading);
      throw error;
    } finally {
      this.#leave(key, flight);
    }
  }

  /** Of which there may be several for one load, as cache-manager lets each call set what all of them waited for. */
  endRefresh(key: string): void {
    this.#forget(key, this.#refreshes.get(key));
  }

  /**
   * Of the loads that what is set now may come of. Whoever sets keeps them: calls and loads may be over before a store
   * has set.
   */
  fencesOfSet(key: string): readonly Fence[] {
    const refresh = this.#refreshes.get(key);
    if (refresh?.isUnderWay === false) refresh.isHanded = true;
    return [this.#flights.get(key)?.fence, refresh?.fence].filter((fence) => fence !== undefined);
  }

  async #load(key: string, load: () => unknown, own: { loading?: Loading }): Promise<unknown> {
    const known = this.#refreshes.get(key);
    const loading = known?.isUnderWay === true ? undefined : this.#begin(key);
    if (loading !== undefined) own.loading = loading;
    try {
      return await load();
    } finally {
      if (loading !== undefined) loading.isUnderWay = false;
    }
  }

  #begin(key: string): Loading {
    const loading: Loading = { fence: this.#makeFence(key), isUnderWay: true, isHanded: false };
    this.#refreshes.set(key, loading);
    return loading;
  }

  #forget(key: string, loading: Loading | undefined): void {
    if (loading?.isUnderWay === false && this.#refreshes.get(key) === loading) this.#refreshes.delete(key);
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
