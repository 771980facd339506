/** An invalidation that comes later than this behind the write that it tells of has been repaired, or is a resync. */
const EVENT_LAG_MS = 1000;
/** The same of a resync. */
export const RESYNC_LAG_MS = 10_000;
const MOST_KEYS = 10_000;

interface RecentSet {
  readonly at: number;
  /** It set what was just written, and is announced. */
  readonly isPut: boolean;
}

/**
 * What this process has lately set in a shared level. Whoever invalidates deletes there first and then says so. What was
 * set in between is old, would be read by everyone, and has to be deleted by the one who has set it.
 */
export class RecentSets {
  readonly #now: () => number;
  /** The oldest first. */
  readonly #sets = new Map<string, RecentSet>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#sets.size;
  }

  note(key: string, isPut: boolean): void {
    const now = this.#now();
    for (const [old, { at }] of this.#sets) {
      if (at + RESYNC_LAG_MS >= now && this.#sets.size < MOST_KEYS) break;
      this.#sets.delete(old);
    }
    this.#sets.delete(key);
    this.#sets.set(key, { at: now, isPut });
  }

  /** Whether the key was set so late that an invalidation which is heard now may concern what was set. */
  takes(key: string, isOwn: boolean): boolean {
    const set = this.#sets.get(key);
    return set !== undefined && !(isOwn && set.isPut) && set.at + EVENT_LAG_MS >= this.#now();
  }

  /** The keys of which it may concern that invalidations of them were missed. */
  *takenBy(isCovered: (key: string) => boolean): Generator<string> {
    const oldest = this.#now() - RESYNC_LAG_MS;
    for (const [key, { at }] of this.#sets) if (at >= oldest && isCovered(key)) yield key;
  }
}
