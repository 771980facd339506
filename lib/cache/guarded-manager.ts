import type { CacheChannel } from '../bus/cache-channel.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Fence } from '../reliability/fences.js';
import type { CacheCounters } from './cache-counters.js';
import type { CacheStores, LevelKind } from './cache-stores.js';
import type { CacheItem, CacheManager, Store } from './manager-shapes.js';
import { MissBook } from './miss-book.js';
import { WrapFlights } from './wrap-flights.js';

/** Marks a manager that is guarded, for every copy of this library that a process has loaded. */
const GUARDED = Symbol.for('nestjs-mesh.guarded-cache');

/** What a caller has set, on its way to the stores. */
interface Handed {
  readonly only: LevelKind | undefined;
  /** Gets what the stores are still setting: a manager that does not block does not wait for it. */
  readonly pending: Promise<unknown>[];
}

export interface GuardParts {
  readonly channel: CacheChannel;
  readonly stores: CacheStores;
  readonly counters: CacheCounters;
  /** Tells everyone, and lets go of the keys here too. */
  readonly announce: (keys: readonly string[] | 'all') => Promise<void>;
  /** In milliseconds. */
  readonly now: () => number;
}

/**
 * Stands before the methods of a cache-manager: what it deletes is announced, and what it sets is kept only where no
 * invalidation has overtaken it. Its reads, its events and its results stay as they are.
 */
export class GuardedManager {
  /** The methods as cache-manager made them. */
  readonly #bare: CacheManager;
  readonly #parts: GuardParts;
  readonly #misses: MissBook;
  readonly #wraps: WrapFlights;
  /** Set while cache-manager hands its stores what a caller has set. */
  #handed: Handed | undefined;
  /** Gets what the stores are still deleting: a manager that does not block does not wait for it. */
  #deletions: Promise<unknown>[] | undefined;

  /** @throws MeshError `MESH_ERR_CONFIG` it is guarded already */
  constructor(manager: CacheManager, parts: GuardParts) {
    if (GUARDED in manager) {
      throw new MeshError('MESH_ERR_CONFIG', 'the cache is bound by a MeshCacheModule already: import it once');
    }
    const makeFence = (key: string): Fence => fenceOf(parts.channel, key);
    this.#bare = { ...manager };
    this.#parts = parts;
    this.#misses = new MissBook(makeFence, parts.now);
    this.#wraps = new WrapFlights(makeFence, () => parts.channel.isHearing());
    for (const store of manager.stores) this.#guardStore(store);
    Object.assign(manager, this.#methods(), { [GUARDED]: true });
    manager.on('refresh', ({ key }) => this.#wraps.endRefresh(key));
  }

  /**
   * As a caller's `set`, with the time to live that cache-manager gives, under no fence but that of the caller.
   *
   * @param only sets in the levels of one kind
   */
  store(key: string, value: unknown, ttl: number | undefined, only?: LevelKind): Promise<unknown> {
    return this.#handing(() => this.#bare.set(key, value, ttl), only);
  }

  #methods(): Partial<CacheManager> {
    return {
      get: async (key) => this.#reading(key, await this.#bare.get(key)),
      mget: async (keys) => {
        const values = await this.#bare.mget(keys);
        keys.forEach((key, index) => this.#reading(key, values[index]));
        return values;
      },
      set: (key, value, ttl) => this.#set(key, value, ttl),
      mset: (items) => this.#mset(items),
      wrap: (key, load, ...rest) => this.#wraps.run(key, load, (guarded) => this.#bare.wrap(key, guarded, ...rest)),
      del: (key) => this.#announcing(() => this.#bare.del(key), [key]),
      mdel: (keys) => this.#announcing(() => this.#bare.mdel(keys), keys),
      clear: () => this.#announcing(() => this.#bare.clear(), 'all'),
    };
  }

  #reading(key: string, value: unknown): unknown {
    if (value === undefined || value === null) this.#misses.noteMiss(key);
    return value;
  }

  async #set(key: string, value: unknown, ttl: number | undefined): Promise<unknown> {
    const fence = this.#fenceOfSet(key);
    if (fence === undefined) return value;
    try {
      await this.store(key, value, ttl);
    } finally {
      // One of several stores may have it, whatever another one threw.
      await this.#dropIfOvertaken(key, fence);
    }
    return value;
  }

  async #mset(items: CacheItem[]): Promise<unknown> {
    const fences = items.map(({ key }) => this.#fenceOfSet(key));
    const kept = items.filter((_item, index) => fences[index] !== undefined);
    try {
      if (kept.length > 0) await this.#handing(() => this.#bare.mset(kept));
    } finally {
      await Promise.all(items.map(({ key }, index) => this.#dropIfOvertaken(key, fences[index])));
    }
    return items;
  }

  /** The fence under which a caller's value is kept, or nothing if it is not. */
  #fenceOfSet(key: string): Fence | undefined {
    const fence = this.#misses.noteSet(key);
    if (fence?.isCurrent() === true) return fence;
    this.#parts.counters.overtaken++;
    return undefined;
  }

  /** A store takes a moment to set, in which the key may be invalidated. */
  async #dropIfOvertaken(key: string, fence: Fence | undefined): Promise<void> {
    if (fence === undefined || fence.isCurrent()) return;
    this.#parts.counters.overtaken++;
    await Promise.all([this.#parts.stores.drop(key), this.#parts.stores.deleteShared(key)]);
  }

  async #handing(set: () => Promise<unknown>, only?: LevelKind): Promise<unknown> {
    const handed: Handed = { only, pending: [] };
    this.#handed = handed;
    let result: Promise<unknown>;
    try {
      result = set();
    } finally {
      this.#handed = undefined;
    }
    await Promise.allSettled([result, ...handed.pending]);
    return result;
  }

  /** What a caller deletes goes everywhere, whatever became of it here. */
  async #announcing(act: () => Promise<unknown>, keys: readonly string[] | 'all'): Promise<unknown> {
    try {
      return await this.#deleting(act);
    } finally {
      await this.#parts.announce(keys);
    }
  }

  async #deleting(act: () => Promise<unknown>): Promise<unknown> {
    const deletions: Promise<unknown>[] = (this.#deletions = []);
    let result: Promise<unknown>;
    try {
      result = act();
    } finally {
      this.#deletions = undefined;
    }
    await Promise.allSettled(deletions);
    return result;
  }

  #guardStore(store: Store): void {
    const [set, remove, clear] = [store.set.bind(store), store.delete.bind(store), store.clear.bind(store)];
    store.set = (key, value, ttl) => {
      const handed = this.#handed;
      if (handed === undefined) return this.#setLoaded(store, { key, set: () => set(key, value, ttl), remove });
      const { only, pending } = handed;
      const part = only === undefined ? store : this.#parts.stores.partOf(store, only);
      if (part === undefined) return Promise.resolve(true);
      const done = this.#noting(store, [key], () =>
        part === store ? set(key, value, ttl) : part.set(key, value, ttl),
      );
      pending.push(done);
      return done;
    };
    const setMany = store.setMany?.bind(store);
    if (setMany !== undefined) store.setMany = (items) => this.#setMany(store, items, setMany);
    store.delete = (key) => this.#noted(remove(key));
    store.clear = () => this.#noted(clear());
  }

  /** What `wrap` has loaded. */
  async #setLoaded(
    store: Store,
    { key, set, remove }: { key: string; set: () => Promise<unknown>; remove: Store['delete'] },
  ): Promise<unknown> {
    const fences = this.#wraps.fencesOfSet(key);
    const isOvertaken = (): boolean => !fences.every((fence) => fence.isCurrent());
    if (isOvertaken()) return this.#refused();
    const result = await this.#noting(store, [key], set);
    if (!isOvertaken()) return result;
    await remove(key);
    return this.#refused();
  }

  /** What `mset` sets: a store that can do so sets many at once, past its `set`. */
  #setMany(
    store: Store,
    items: readonly CacheItem[],
    setMany: (items: readonly CacheItem[]) => Promise<unknown>,
  ): Promise<unknown> {
    const keys = items.map(({ key }) => key);
    const done = this.#noting(store, keys, () => setMany(items));
    this.#handed?.pending.push(done);
    return done;
  }

  async #noting(store: Store, keys: readonly string[], set: () => Promise<unknown>): Promise<unknown> {
    for (const key of keys) this.#parts.stores.noteSet(store, key);
    const result = await set();
    for (const key of keys) this.#parts.stores.noteSet(store, key);
    return result;
  }

  #noted(deletion: Promise<unknown>): Promise<unknown> {
    this.#deletions?.push(deletion);
    return deletion;
  }

  /** As a store says that it has stored. */
  #refused(): true {
    this.#parts.counters.overtaken++;
    return true;
  }
}

const ALWAYS_CURRENT: Fence = { isCurrent: () => true };

/** A key that the mesh can not name, as it is too long, is cached as before: `del` of it says what is wrong. */
function fenceOf(channel: CacheChannel, key: string): Fence {
  try {
    return channel.fence(key);
  } catch {
    return ALWAYS_CURRENT;
  }
}
