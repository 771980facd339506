import { Glob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Fence } from '../reliability/fences.js';
import { BOUND_CACHES } from './bound-caches.js';
import { CacheChannel, type CacheCopies, type MeshInvalidateOptions } from './cache-channel.js';
import { evictEach } from './evict-each.js';
import { isMeshBus } from './is-mesh-bus.js';
import type { MeshBus } from './mesh-bus.js';

/** A cache in memory: a `Map`, one of `lru-cache`, or whatever has these. */
export interface MeshBindable {
  delete(key: string): unknown;
  clear(): unknown;
  /** All that are held, or what lists them. Without it, a glob or a resync that covers some keys empties the cache. */
  readonly keys?: Iterable<string> | (() => Iterable<string>);
  /** How many entries are held. Where there are more than are listed, the cache is emptied too. */
  readonly size?: number;
}

export interface MeshBindOptions {
  /** What stands before the cache's key in a published one, up to 512 bytes. Default `'invalidate:'`. */
  readonly prefix?: string | undefined;
}

/** A cache that lets go of what others invalidate. */
export interface MeshCacheBinding {
  readonly prefix: string;
  /**
   * Tells, once a value has been loaded, whether it may be set: see `MeshBus.fence`.
   *
   * @param key as the cache names it
   * @throws MeshError `MESH_ERR_KEY`
   */
  fence(key: string): Fence;
  /**
   * Deletes keys here and in the caches of all others. They are literal. Others are told whatever the cache here throws.
   *
   * @throws MeshError `MESH_ERR_KEY`: nothing was deleted; as `publish`, or with `await` as
   * `publishAndAwait`. As rejections, like what the cache throws
   */
  invalidate(keys: string | readonly string[], options?: MeshInvalidateOptions): Promise<void>;
  /**
   * Deletes all keys that match the Redis glob, here and everywhere.
   *
   * @throws MeshError as `publishMatching`, as rejections
   */
  invalidateMatching(glob: string): Promise<void>;
  /** Empties the cache here and everywhere. Throws as `publishMatching`. */
  clear(): Promise<void>;
  /** Idempotent. The cache stays as it is, and hears nothing more. */
  unbind(): void;
}

/**
 * Lets a cache in memory hear of all that others invalidate: keys, globs and resyncs. What it holds when the bus becomes
 * ready, or is ready already, goes, as it may have been invalidated unheard; and so it does when the bus closes. What is
 * set in it is announced to nobody.
 *
 * Fill it under `fence`, as a value may be invalidated while it is loaded. Several caches can share a prefix: each hears
 * of all its keys. Publishes of this bus evict here too if it has `selfDelivery`.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` the bus, the cache or the prefix is none, or the cache is bound to this bus
 * already; `MESH_ERR_CLOSED`; what the cache throws when it is emptied
 * @example
 * const users = new Map<string, User>();
 * const { fence, invalidate } = bindCache(bus, users, { prefix: 'user:' });
 */
export function bindCache(bus: MeshBus, cache: MeshBindable, options: MeshBindOptions = {}): MeshCacheBinding {
  checkBindable(bus, cache);
  const { prefix = 'invalidate:' } = options;
  const channel = new CacheChannel(bus, prefix);
  const { bound, warn } = bus[BOUND_CACHES];
  if (bound.has(cache)) {
    throw new MeshError('MESH_ERR_ARGUMENT', 'the cache is bound to this bus already: unbind it first');
  }
  const copies = new BoundCopies(cache);
  const subscription = channel.listen(copies);
  bound.add(cache);
  if (cache.keys === undefined) warn(keylessMessage(channel.prefix));
  return makeBinding(channel, copies, () => {
    subscription.unsubscribe();
    bound.delete(cache);
  });
}

function makeBinding(channel: CacheChannel, copies: BoundCopies, unbind: () => void): MeshCacheBinding {
  let isBound = true;
  return {
    prefix: channel.prefix,
    fence: (key) => channel.fence(key),
    invalidate: async (keys, options) => {
      const list: readonly string[] = Array.isArray(keys) ? keys : [keys as string];
      await told(channel.announce(list, options), () => evictEach(list, (key) => copies.evict(key)));
    },
    invalidateMatching: async (glob) => {
      const announced = channel.announceMatching(glob);
      const pattern = new Glob(glob);
      await told(announced, () => copies.evictWhere((key) => pattern.matches(key)));
    },
    clear: () => told(channel.announceAll(), () => copies.evictAll()),
    unbind: () => {
      // Once: it may have been bound again since.
      if (isBound) unbind();
      isBound = false;
    },
  };
}

/** Lets go here at once. Rejects where either fails, and neither keeps the other from being done. */
async function told(announced: Promise<void>, evict: () => unknown): Promise<void> {
  const evicted = new Promise((resolve) => resolve(evict()));
  await Promise.all([announced, evicted]);
}

class BoundCopies implements CacheCopies {
  readonly #cache: MeshBindable & { purgeStale?(): unknown };

  constructor(cache: MeshBindable) {
    this.#cache = cache;
  }

  evict(key: string): unknown {
    return this.#cache.delete(key);
  }

  evictWhere(isCovered: (key: string) => boolean): unknown {
    const held = this.#held();
    if (held === undefined) return this.#cache.clear();
    return evictEach(held.filter(isCovered), (key) => this.#cache.delete(key));
  }

  evictAll(): unknown {
    return this.#cache.clear();
  }

  /**
   * All keys, before the first goes: not every cache bears to be changed while it is read. Nothing where some are not
   * listed: an LRUCache keeps expired entries, and those that its `fetch` is loading, to itself.
   */
  #held(): readonly string[] | undefined {
    const cache = this.#cache;
    if (typeof cache.purgeStale === 'function') cache.purgeStale();
    const keys: unknown = typeof cache.keys === 'function' ? cache.keys() : cache.keys;
    if (!isIterable(keys)) return undefined;
    const held = [...keys];
    return cache.size !== undefined && cache.size > held.length ? undefined : held;
  }
}

function isIterable(value: unknown): value is Iterable<string> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function keylessMessage(prefix: string): string {
  return (
    `a cache without keys() is bound to ${JSON.stringify(prefix)}: a glob, and a resync that covers some keys, can not be ` +
    'told from one that covers all, and empties it. Give it a keys() that lists what it holds'
  );
}

function checkBindable(bus: unknown, cache: unknown): void {
  if (!isMeshBus(bus)) throw new MeshError('MESH_ERR_ARGUMENT', 'bindCache takes a MeshBus first, and then the cache');
  const { delete: remove, clear } = (cache ?? {}) as Partial<MeshBindable>;
  if (typeof remove === 'function' && typeof clear === 'function') return;
  throw new MeshError('MESH_ERR_ARGUMENT', 'the cache must have delete() and clear(), as Map and LRUCache do');
}
