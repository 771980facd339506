import type { CacheCopies } from '../bus/cache-channel.js';
import type { CacheCounters } from './cache-counters.js';
import { type CacheLevels, keysOf, levelsOf } from './cache-levels.js';
import type { Level, Store, StoredValue } from './manager-shapes.js';
import { RecentSets } from './recent-sets.js';

/** Told of entries that go, by whatever it is that drops them. */
export interface EvictionListener {
  onEvict(key: string): void;
  onEvictAll(): void;
}

export type LevelKind = 'local' | 'shared';

export interface CacheStoresParts {
  readonly levels: CacheLevels;
  readonly counters: CacheCounters;
  readonly listener: EvictionListener;
  /** In milliseconds. */
  readonly now: () => number;
}

/**
 * The levels of one cache, by themselves: nothing that is done here is announced. What others invalidate goes from the
 * levels in memory only, as whoever invalidates has it deleted from a shared one.
 */
export class CacheStores implements CacheCopies {
  readonly #levels: CacheLevels;
  readonly #counters: CacheCounters;
  readonly #listener: EvictionListener;
  readonly #recent: RecentSets;

  constructor({ levels, counters, listener, now }: CacheStoresParts) {
    this.#levels = levels;
    this.#recent = new RecentSets(now);
    this.#counters = counters;
    this.#listener = listener;
  }

  get hasShared(): boolean {
    return this.#levels.shared.length > 0;
  }

  readLocal(key: string): Promise<StoredValue | undefined> {
    return firstHeld(this.#levels.local, key);
  }

  readShared(key: string): Promise<StoredValue | undefined> {
    return firstHeld(this.#levels.shared, key);
  }

  /** What was set last in the shared levels was just written, and is announced next. */
  notePut(key: string): void {
    if (this.hasShared) this.#recent.note(key, true);
  }

  /** What of a store is of one kind: itself, a half of a `Cacheable`, or nothing. */
  partOf(store: Store, kind: LevelKind): Store | undefined {
    return levelsOf(store).find((part) => this.#levels[kind].some((level) => level === part));
  }

  /** Told of what is set in any store, before and behind it, as a shared one may take long. */
  noteSet(store: Store, key: string): void {
    if (this.hasShared && !this.#levels.local.some((level) => level === store)) this.#recent.note(key, false);
  }

  /** From the shared levels, which whoever invalidates does for everyone. */
  async deleteShared(key: string): Promise<void> {
    await Promise.all(this.#levels.shared.map((level) => level.delete(key)));
  }

  async clearShared(): Promise<void> {
    await Promise.all(this.#levels.shared.map((level) => level.clear()));
  }

  evict(key: string, isOwn: boolean): Promise<unknown> {
    this.#counters.invalidated++;
    const dropped = this.drop(key);
    return this.#recent.takes(key, isOwn) ? Promise.all([dropped, this.deleteShared(key)]) : dropped;
  }

  /** From the levels in memory. */
  drop(key: string): Promise<unknown> {
    this.#listener.onEvict(key);
    return Promise.all(this.#levels.local.map((level) => level.delete(key)));
  }

  async evictWhere(isCovered: (key: string) => boolean): Promise<void> {
    const swept = this.#levels.local.map((level) => this.#sweep(level, isCovered));
    await Promise.all([...swept, this.#deleteRecent(isCovered)]);
  }

  async evictAll(isHeard: boolean): Promise<void> {
    if (isHeard) this.#counters.cleared++;
    this.#listener.onEvictAll();
    await Promise.all([...this.#levels.local.map((level) => level.clear()), this.#deleteRecent(() => true)]);
  }

  onResync(): void {
    this.#counters.resyncs++;
  }

  async #deleteRecent(isCovered: (key: string) => boolean): Promise<void> {
    await Promise.all([...this.#recent.takenBy(isCovered)].map((key) => this.deleteShared(key)));
  }

  #sweep(level: Level, isCovered: (key: string) => boolean): Promise<unknown> {
    const keys = keysOf(level);
    if (keys === undefined) {
      // Another level may go on holding some of them.
      if (this.#levels.local.length === 1) this.#listener.onEvictAll();
      return level.clear();
    }
    const covered = keys.filter(isCovered);
    this.#counters.swept += covered.length;
    return Promise.all(
      covered.map((key) => {
        this.#listener.onEvict(key);
        return level.delete(key);
      }),
    );
  }
}

/** A store that fails is one that holds nothing, and so is one that holds `undefined`, as they are to cache-manager. */
async function firstHeld(levels: readonly Level[], key: string): Promise<StoredValue | undefined> {
  for (const level of levels) {
    const held = await level.get(key, { raw: true }).catch(() => undefined);
    if (held?.value !== undefined) return held;
  }
  return undefined;
}
