import { CacheChannel, type MeshInvalidateOptions } from '../bus/cache-channel.js';
import type { MeshBus } from '../bus/mesh-bus.js';
import type { MeshLogger } from '../options/mesh-logger.js';
import type { Fence } from '../reliability/fences.js';
import { type CacheCounters, newCacheCounters } from './cache-counters.js';
import { type CacheLevels, keysOf, sortLevels } from './cache-levels.js';
import { CacheStores } from './cache-stores.js';
import { GuardedManager } from './guarded-manager.js';
import type { CacheManager, Level, StoredValue } from './manager-shapes.js';
import type { ResolvedCacheOptions } from './mesh-cache-options.js';
import { TagIndex } from './tag-index.js';

/** One `CACHE_MANAGER` in the mesh: its levels, the names of its keys there, and what is heard and said of them. */
export class BoundManager {
  readonly counters: CacheCounters = newCacheCounters();
  readonly stores: CacheStores;
  readonly tags: TagIndex;
  readonly levels: CacheLevels;
  readonly keys: CacheChannel;
  readonly #tagKeys: CacheChannel;
  readonly #guard: GuardedManager;

  /** @throws MeshError `MESH_ERR_CONFIG`, `MESH_ERR_ARGUMENT` */
  constructor(bus: MeshBus, manager: CacheManager, options: ResolvedCacheOptions) {
    this.levels = sortLevels(manager.stores, options.localStores);
    this.keys = new CacheChannel(bus, options.prefix);
    this.#tagKeys = new CacheChannel(bus, options.tagPrefix);
    this.tags = new TagIndex(() => heldKeys(this.levels.local));
    const now = (): number => performance.now();
    const listener = { onEvict: (key: string) => this.tags.remove(key), onEvictAll: () => this.tags.clear() };
    this.stores = new CacheStores({ levels: this.levels, counters: this.counters, listener, now });
    this.#guard = new GuardedManager(manager, {
      ...{ channel: this.keys, stores: this.stores, counters: this.counters },
      announce: (keys) => (keys === 'all' ? this.announceAll() : this.#announceDeleted(keys)),
      now,
    });
    this.keys.listen(this.stores);
    this.#listenForTags();
    warnOfLevels(this.levels, options.logger);
  }

  /** Current as long as neither the key nor one of the tags has been invalidated. */
  fence(key: string, tags: readonly string[]): Fence {
    const own = this.keys.fence(key);
    if (tags.length === 0) return own;
    const fences = [own, ...tags.map((tag) => this.#tagKeys.fence(tag))];
    return { isCurrent: () => fences.every((fence) => fence.isCurrent()) };
  }

  /** Tells everyone, and lets go of the keys here: of what was set since they were deleted, too. */
  async announce(keys: readonly string[], options?: MeshInvalidateOptions): Promise<void> {
    const announced = this.keys.announce(keys, options);
    await Promise.all([announced, ...keys.map((key) => this.stores.drop(key))]);
  }

  /** What is gone from here is told, also beside a key that can not be: that one makes it reject afterwards. */
  async #announceDeleted(keys: readonly string[]): Promise<void> {
    const tellable = keys.filter((key) => canTell(this.keys, key));
    if (tellable.length > 0) await this.announce(tellable);
    this.keys.check(keys);
  }

  async announceAll(): Promise<void> {
    await Promise.all([this.keys.announceAll(), this.stores.evictAll(false)]);
  }

  async announceTags(tags: readonly string[], options?: MeshInvalidateOptions): Promise<void> {
    const announced = this.#tagKeys.announce(tags, options);
    await Promise.all([announced, ...tags.map((tag) => this.#dropTag(tag))]);
  }

  /**
   * Keeps a value that was loaded under the fence, unless that has moved. What bears tags stays in memory: nobody could
   * tell which entries of a shared level a tag covers.
   *
   * @returns whether it is kept
   */
  keep(entry: CacheEntry, fence: Fence): Promise<boolean> {
    if (entry.tags.length > 0 && this.stores.hasShared) return this.keepLocal(entry, fence);
    const { key, value, ttl } = entry;
    return this.#keepBy(() => this.#guard.store(key, value, ttl), entry, fence);
  }

  /** The same in the levels in memory. */
  keepLocal(entry: CacheEntry, fence: Fence): Promise<boolean> {
    const { key, value, ttl } = entry;
    return this.#keepBy(() => this.#guard.store(key, value, ttl, 'local'), entry, fence);
  }

  /** Puts into the shared levels what was just written, and is announced next. */
  async putShared({ key, value, ttl }: CacheEntry): Promise<void> {
    if (!this.stores.hasShared) return;
    await this.#guard.store(key, value, ttl, 'shared');
    this.stores.notePut(key);
  }

  /** What a shared level holds, for as long as it does. */
  async copyToLocal(key: string, { value, expires }: StoredValue, fence: Fence): Promise<void> {
    const ttl = typeof expires === 'number' ? Math.max(1, expires - Date.now()) : undefined;
    await this.keepLocal({ key, value, ttl, tags: [] }, fence);
  }

  async #keepBy(store: () => Promise<unknown>, { key, tags }: CacheEntry, fence: Fence): Promise<boolean> {
    if (!fence.isCurrent()) return false;
    try {
      await store();
    } finally {
      // Not before it is held: what is not held is forgotten. A tag that was invalidated meanwhile has moved the fence.
      this.tags.add(key, tags);
      // It was invalidated while the store took its time. What others have set in a shared level since goes too.
      if (!fence.isCurrent()) await Promise.all([this.stores.drop(key), this.stores.deleteShared(key)]);
    }
    return fence.isCurrent();
  }

  #listenForTags(): void {
    this.#tagKeys.listen({
      evict: (tag) => this.#dropTag(tag),
      evictWhere: (isCovered) =>
        Promise.all(
          this.tags
            .tags()
            .filter(isCovered)
            .map((tag) => this.#dropTag(tag)),
        ),
      evictAll: () => Promise.all(this.tags.tags().map((tag) => this.#dropTag(tag))),
    });
  }

  #dropTag(tag: string): Promise<unknown> {
    const keys = this.tags.keysOf(tag);
    this.counters.swept += keys.length;
    return Promise.all(keys.map((key) => this.stores.drop(key)));
  }
}

export interface CacheEntry {
  readonly key: string;
  readonly value: unknown;
  readonly ttl: number | undefined;
  readonly tags: readonly string[];
}

function canTell(channel: CacheChannel, key: string): boolean {
  try {
    channel.check([key]);
    return true;
  } catch {
    return false;
  }
}

function heldKeys(levels: readonly Level[]): Set<string> | undefined {
  const held = new Set<string>();
  for (const level of levels) {
    const keys = keysOf(level);
    if (keys === undefined) return undefined;
    for (const key of keys) held.add(key);
  }
  return held;
}

function warnOfLevels({ local, unknown }: CacheLevels, logger: MeshLogger | false): void {
  if (logger === false) return;
  const names = unknown.map(({ place, name }) => `${place} (${name})`).join(', ');
  const advice = 'name the places of those that are: MeshCacheModule.forRoot({ localStores: [0] })';
  if (unknown.length > 0) {
    logger.warn(
      `MeshCacheModule can not tell whether these stores of the cache are in memory, and evicts nothing from them: ${names}. ` +
        `If they are, ${advice}`,
    );
  } else if (local.length === 0) {
    logger.warn(
      `MeshCacheModule finds no store in memory, so there is nothing that it could evict. If there is one, ${advice}`,
    );
  }
}
