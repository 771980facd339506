import { Glob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import type { Fence } from '../reliability/fences.js';
import { BOUND_CACHES } from './bound-caches.js';
import { CacheChannel, type CacheCopies, type MeshInvalidateOptions } from './cache-channel.js';
import { isMeshBus } from './is-mesh-bus.js';
import type { MeshBus } from './mesh-bus.js';
import type { MeshSubscription } from './mesh-subscription.js';

/** A cache in memory: a `Map`, one of `lru-cache`, or whatever has these. */
export interface MeshBindable {
  delete(key: string): unknown;
  clear(): unknown;
  /** Without it, a glob or a resync that covers some keys empties the cache. */
  keys?(): Iterable<string>;
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
   * Deletes keys here and in the caches of all others. They are literal.
   *
   * @throws MeshError as `publish`, or with `await` as `publishAndAwait`, as rejections
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
 * ready, or is ready already, goes, as it may have been invalidated unheard. What is set in it is announced to nobody.
 *
 * Fill it under `fence`, as a value may be invalidated while it is loaded. Several caches can share a prefix: each hears
 * of all its keys. Publishes of this bus evict here too if it has `selfDelivery`.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` the bus or the cache is none, or the cache is bound to this bus already
 * @example
 * const users = new Map<string, User>();
 * const { fence, invalidate } = bindCache(bus, users, { prefix: 'user:' });
 */
export function bindCache(bus: MeshBus, cache: MeshBindable, options: MeshBindOptions = {}): MeshCacheBinding {
  checkBindable(bus, cache);
  const channel = new CacheChannel(bus, options.prefix ?? 'invalidate:');
  const bound = bus[BOUND_CACHES];
  if (bound.has(cache)) {
    throw new MeshError('MESH_ERR_ARGUMENT', 'the cache is bound to this bus already: unbind it first');
  }
  bound.add(cache);
  const copies = new BoundCopies(cache);
  return makeBinding(channel, copies, channel.listen(copies), () => bound.delete(cache));
}

function makeBinding(
  channel: CacheChannel,
  copies: BoundCopies,
  subscription: MeshSubscription,
  release: () => void,
): MeshCacheBinding {
  return {
    prefix: channel.prefix,
    fence: (key) => channel.fence(key),
    invalidate: async (keys, invalidation) => {
      const list = typeof keys === 'string' ? [keys] : keys;
      const announced = channel.announce(list, invalidation);
      for (const key of list) copies.evict(key);
      return announced;
    },
    invalidateMatching: async (glob) => {
      const announced = channel.announceMatching(glob);
      const pattern = new Glob(glob);
      copies.evictWhere((key) => pattern.matches(key));
      return announced;
    },
    clear: () => {
      const announced = channel.announceAll();
      copies.evictAll();
      return announced;
    },
    unbind: () => {
      subscription.unsubscribe();
      release();
    },
  };
}

class BoundCopies implements CacheCopies {
  readonly #cache: MeshBindable;

  constructor(cache: MeshBindable) {
    this.#cache = cache;
  }

  evict(key: string): unknown {
    return this.#cache.delete(key);
  }

  evictWhere(isCovered: (key: string) => boolean): unknown {
    const cache = this.#cache;
    if (cache.keys === undefined) return cache.clear();
    // All of them before the first goes: not every cache bears to be changed while it is read.
    const covered = [...cache.keys()].filter(isCovered);
    return Promise.all(covered.map((key) => cache.delete(key)));
  }

  evictAll(): unknown {
    return this.#cache.clear();
  }
}

function checkBindable(bus: unknown, cache: unknown): void {
  if (!isMeshBus(bus)) throw new MeshError('MESH_ERR_ARGUMENT', 'bindCache takes a MeshBus first, and then the cache');
  const { delete: remove, clear } = (cache ?? {}) as Partial<MeshBindable>;
  if (typeof remove === 'function' && typeof clear === 'function') return;
  throw new MeshError('MESH_ERR_ARGUMENT', 'the cache must have delete() and clear(), as Map and LRUCache do');
}
