import type { Fence } from '../reliability/fences.js';

/** A load that takes longer than this is not known any more when its value is set. */
export const LOAD_KNOWN_MS = 10_000;
/** So many that are not answered within that time: 5000 each second. */
const MOST_KEYS = 50_000;

/** The loads of one key: a `get` that has missed, and no `set` that answers it yet. */
interface Loads {
  /** Moves when the key is invalidated: then all of `current` are overtaken. */
  fence: Fence;
  current: number;
  lastMissAt: number;
  overtaken: number;
  /** No load that is overtaken is under way later than this. */
  overtakenUntil: number;
}

/**
 * Tells of a `set` whether what it sets may be older than an invalidation. A cache-aside reader says `get`, and behind a miss
 * `set`, and nothing says which `set` belongs to which miss. So a key whose load has been overtaken takes no `set` until
 * as many have come as loads were under way, or the last of these is too long ago.
 *
 * A `set` that answers no miss is a write, and counts as an answer all the same.
 */
export class MissBook {
  readonly #makeFence: (key: string) => Fence;
  readonly #now: () => number;
  /** By key, the oldest miss first. */
  readonly #loads = new Map<string, Loads>();
  /** Until then loads may be under way that were too many to be known. */
  #crowdedUntil = Number.NEGATIVE_INFINITY;

  constructor(makeFence: (key: string) => Fence, now: () => number) {
    this.#makeFence = makeFence;
    this.#now = now;
  }

  get size(): number {
    return this.#loads.size;
  }

  /** A `get` has found nothing: whoever asked may now load. */
  noteMiss(key: string): void {
    const now = this.#now();
    this.#forgetOld(now);
    const known = this.#loads.get(key);
    const loads = known ?? {
      ...{ fence: this.#makeFence(key), current: 0 },
      lastMissAt: now,
      overtaken: 0,
      overtakenUntil: 0,
    };
    this.#review(key, loads);
    loads.current++;
    loads.lastMissAt = now;
    // The youngest goes to the end.
    this.#loads.delete(key);
    this.#loads.set(key, loads);
  }

  /**
   * A `set` comes. Returns the fence that it is under, or nothing where it must not be kept.
   */
  noteSet(key: string): Fence | undefined {
    const loads = this.#loads.get(key);
    // Where not all loads are known, this may be one that was overtaken.
    if (loads === undefined) return this.#now() > this.#crowdedUntil ? this.#makeFence(key) : undefined;
    this.#review(key, loads);
    const isRefused = loads.overtaken > 0;
    // Those that may be kept answer first: none that was overtaken is taken for answered too early.
    if (loads.current > 0) loads.current--;
    else if (isRefused) loads.overtaken--;
    if (loads.current + loads.overtaken === 0) this.#loads.delete(key);
    return isRefused ? undefined : loads.fence;
  }

  /** Finds out which loads have been overtaken, and which of those can not be under way any more. */
  #review(key: string, loads: Loads): void {
    if (!loads.fence.isCurrent()) {
      if (loads.current > 0) loads.overtakenUntil = loads.lastMissAt + LOAD_KNOWN_MS;
      loads.overtaken += loads.current;
      loads.current = 0;
      loads.fence = this.#makeFence(key);
    }
    if (this.#now() > loads.overtakenUntil) loads.overtaken = 0;
  }

  #forgetOld(now: number): void {
    for (const [key, { lastMissAt }] of this.#loads) {
      const isRecent = lastMissAt + LOAD_KNOWN_MS >= now;
      if (isRecent && this.#loads.size < MOST_KEYS) return;
      if (isRecent) this.#crowdedUntil = now + LOAD_KNOWN_MS;
      this.#loads.delete(key);
    }
  }
}
