import type { MeshInvalidateOptions } from '../bus/cache-channel.js';
import { checkKey, checkPattern } from '../bus/outgoing-events.js';
import { Glob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Fence } from '../reliability/fences.js';
import type { BoundManager, CacheEntry } from './bound-manager.js';
import type { MeshCacheStats } from './cache-counters.js';
import { LoadFlights } from './load-flights.js';
import { deleteMatching, keyReaders } from './shared-keys.js';
import { withinLoadTimeout } from './within-load-timeout.js';

export interface MeshCacheEntryOptions {
  /** In milliseconds; 0: for ever, as to Nest's cache. Default: that of the cache. */
  readonly ttl?: number | undefined;
  /** Names under which the entry can be invalidated together with others. What has tags is kept in memory only. */
  readonly tags?: readonly string[] | undefined;
}

/** What a loader gives, or a promise of it. */
export type MeshCacheLoader<T> = () => T | Promise<T>;

/**
 * A cache that agrees with those of all other instances. It keeps what `CACHE_MANAGER` keeps, and is made by
 * `MeshCacheModule`.
 */
export class MeshCache {
  readonly #bound: () => BoundManager;
  readonly #loadTimeoutMs: number;
  readonly #flights = new LoadFlights();

  /** For the library itself. */
  constructor(bound: () => BoundManager, loadTimeoutMs: number) {
    this.#bound = bound;
    this.#loadTimeoutMs = loadTimeoutMs;
  }

  /**
   * The value of the key, from the cache or else from the loader, which runs once for all who want it at a time. What was
   * invalidated while it loaded is given to those who asked before that, and not kept; whoever asks later has it loaded
   * anew. `undefined` is not kept; `null` is.
   *
   * @param options the time to live in milliseconds, or more
   * @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_ARGUMENT`, `MESH_ERR_TIMEOUT` the loader took longer than `loadTimeout`, as
   * rejections; what the loader throws
   */
  async wrap<T>(key: string, loader: MeshCacheLoader<T>, options: number | MeshCacheEntryOptions = {}): Promise<T> {
    const { ttl, tags } = checkEntry(key, options);
    const bound = this.#bound();
    const copy = await bound.stores.readLocal(key);
    if (copy !== undefined) {
      bound.counters.hits++;
      return copy.value as T;
    }
    const joined = this.#flights.find(key, () => bound.keys.isHearing());
    if (joined !== undefined) {
      bound.counters.joined++;
      return joined as Promise<T>;
    }
    const fence = bound.fence(key, tags);
    const load = async (): Promise<unknown> => {
      const shared = tags.length === 0 ? await bound.stores.readShared(key) : undefined;
      if (shared === undefined) return this.#load(loader, { key, ttl, tags }, fence);
      bound.counters.hits++;
      await bound.copyToLocal(key, shared, fence);
      return shared.value;
    };
    return this.#flights.start(key, fence, load) as Promise<T>;
  }

  /**
   * Writes, keeps what the function gives, and has all others drop theirs. Where somebody else has written meanwhile, it is
   * not kept. A write that fails may have been done all the same, so then it invalidates the key.
   *
   * In the place of the function a value can stand that was written before. What others have written between that and this
   * call is not known then, and newer: only for keys that no two write at a time.
   *
   * @returns what the function gives; `undefined` is not kept
   * @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_ARGUMENT` the value is `undefined`, and what `MeshBus.publish` throws, as
   * rejections; what the function throws
   * @example
   * await cache.put(`user:${user.id}`, () => users.save(user));
   */
  async put<T>(key: string, given: MeshCacheLoader<T> | T, options: number | MeshCacheEntryOptions = {}): Promise<T> {
    const { ttl, tags } = checkEntry(key, options);
    if (given === undefined) {
      throw new MeshError('MESH_ERR_ARGUMENT', 'the value is undefined, which no cache keeps: use invalidate()');
    }
    const bound = this.#bound();
    const before = bound.fence(key, tags);
    const value = isWrite<T>(given) ? await this.#write(key, given) : given;
    if (value === undefined) {
      await this.invalidate(key);
      return value;
    }
    await this.#putWritten({ key, value, ttl, tags }, before);
    return value;
  }

  /**
   * Deletes keys here and everywhere. They are literal. With `await` it resolves when so many others have done so.
   *
   * @throws MeshError as `MeshBus.publish`, or with `await` as `publishAndAwait`, as rejections
   */
  async invalidate(keys: string | readonly string[], options?: MeshInvalidateOptions): Promise<void> {
    const bound = this.#bound();
    const list = listOf(keys);
    for (const key of list) checkKey(key);
    bound.keys.check(list);
    await announcing(
      () => Promise.all(list.flatMap((key) => [bound.stores.drop(key), bound.stores.deleteShared(key)])),
      () => bound.announce(list, options),
    );
  }

  /**
   * Deletes all keys that match the Redis glob, here and everywhere.
   *
   * @throws MeshError `MESH_ERR_PATTERN`; `MESH_ERR_UNSUPPORTED` a shared store can not list its keys; and what
   * `MeshBus.publishMatching` throws, as rejections
   */
  async invalidateMatching(glob: string): Promise<void> {
    const bound = this.#bound();
    const pattern = compileGlob(glob);
    const readers = keyReaders(bound.levels.shared);
    await announcing(
      () => deleteMatching(readers, pattern),
      () => Promise.all([bound.keys.announceMatching(glob), bound.stores.evictWhere((key) => pattern.matches(key))]),
    );
  }

  /**
   * Deletes all entries that bear one of the tags, here and everywhere.
   *
   * @throws MeshError as `invalidate`
   */
  async invalidateTag(tags: string | readonly string[], options?: MeshInvalidateOptions): Promise<void> {
    const list = listOf(tags);
    for (const tag of list) checkKey(tag);
    await this.#bound().announceTags(list, options);
  }

  /** Empties the cache here and everywhere, shared levels included. Throws as `MeshBus.publishMatching`. */
  async clear(): Promise<void> {
    const bound = this.#bound();
    await announcing(
      () => bound.stores.clearShared(),
      () => bound.announceAll(),
    );
  }

  /** Counters since the cache was bound, those of `CACHE_MANAGER` included. */
  stats(): MeshCacheStats {
    return { ...this.#bound().counters };
  }

  async #putWritten(entry: CacheEntry, before: Fence): Promise<void> {
    const bound = this.#bound();
    const { key, tags } = entry;
    let isFirst = false;
    await announcing(
      async () => {
        // Before others drop theirs and look there.
        await (tags.length === 0 ? bound.putShared(entry) : bound.stores.deleteShared(key));
        isFirst = before.isCurrent();
        if (!isFirst) await bound.stores.deleteShared(key);
      },
      () => {
        const announced = bound.announce([key]);
        const fence = bound.fence(key, tags);
        return Promise.all([announced, isFirst && putBehind(bound, entry, fence)]);
      },
    );
  }

  async #write<T>(key: string, write: MeshCacheLoader<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      // What the writer threw says more than that nobody could be told of it.
      await this.invalidate(key).catch(() => undefined);
      throw error;
    }
  }

  async #load(loader: MeshCacheLoader<unknown>, entry: Omit<CacheEntry, 'value'>, fence: Fence): Promise<unknown> {
    const bound = this.#bound();
    bound.counters.misses++;
    let value: unknown;
    try {
      value = await withinLoadTimeout(this.#loadTimeoutMs, loader);
    } catch (error) {
      bound.counters.loadFailures++;
      throw error;
    }
    if (value === undefined) return value;
    const isKept = await bound.keep({ ...entry, value }, fence);
    if (!isKept) bound.counters.overtaken++;
    return value;
  }
}

/** What is done goes everywhere, whatever became of it in a shared level. */
async function announcing(act: () => Promise<unknown>, announce: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } finally {
    await announce();
  }
}

/** The bus tells its own listeners of the announcement in the next turn, and they let go of the key. */
async function putBehind(bound: BoundManager, entry: CacheEntry, fence: Fence): Promise<void> {
  await Promise.resolve();
  await bound.keepLocal(entry, fence);
}

/** @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_ARGUMENT` */
function checkEntry(key: string, options: number | MeshCacheEntryOptions): Omit<CacheEntry, 'value'> {
  checkKey(key);
  const { ttl, tags = [] }: MeshCacheEntryOptions = isEntryOptions(options) ? options : { ttl: options };
  if (ttl !== undefined && !(Number.isFinite(ttl) && ttl >= 0)) {
    throw new MeshError('MESH_ERR_ARGUMENT', `ttl is ${String(ttl)}: it must be a number of ms, 0 or more`);
  }
  if (!Array.isArray(tags)) {
    throw new MeshError('MESH_ERR_ARGUMENT', `tags is ${typeof tags}: it must be an array of strings`);
  }
  for (const tag of tags) checkKey(tag);
  // A copy, as the fence and the index have to know the same ones.
  return { key, ttl, tags: [...(tags as readonly string[])] };
}

function isEntryOptions(options: unknown): options is MeshCacheEntryOptions {
  return typeof options === 'object' && options !== null;
}

function isWrite<T>(given: MeshCacheLoader<T> | T): given is MeshCacheLoader<T> {
  return typeof given === 'function';
}

function listOf(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}

/** @throws MeshError `MESH_ERR_PATTERN` */
function compileGlob(glob: string): Glob {
  checkPattern(glob);
  return new Glob(glob);
}
