import { type AsyncMethodDecorator, replaceMethod } from './async-method.js';
import { injectedCache } from './injected-cache.js';
import type { MeshCacheEntryOptions } from './mesh-cache.js';

export interface CachedOptions<Args extends readonly unknown[]> {
  /** The key of the entry, from what the method is called with. */
  readonly key: (...args: Args) => string;
  /** In milliseconds, as `MeshCacheEntryOptions.ttl`. */
  readonly ttl?: number | undefined;
  /** As `MeshCacheEntryOptions.tags`: the same for all calls, or from what the method is called with. */
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]) | undefined;
}

/**
 * Lets `MeshCache.wrap` answer for an asynchronous method of a provider or controller: the method is its loader. An
 * instance that Nest has not made has no cache, and runs the method each time.
 *
 * @example
 * @Cached({ key: (id: string) => `user:${id}`, ttl: 60_000 })
 * findUser(id: string): Promise<User> {}
 */
export function Cached<Args extends readonly unknown[]>(options: CachedOptions<Args>): AsyncMethodDecorator<Args> {
  return (target, _name, descriptor) => {
    const cacheOf = injectedCache(target);
    replaceMethod<Args>(descriptor, (method) => async (instance, args) => {
      const cache = cacheOf(instance);
      if (cache === undefined) return method(instance, args);
      return cache.wrap(options.key(...args), () => method(instance, args), entryOptions(options, args));
    });
  };
}

function entryOptions<Args extends readonly unknown[]>(
  { ttl, tags }: CachedOptions<Args>,
  args: Args,
): MeshCacheEntryOptions {
  return { ttl, tags: typeof tags === 'function' ? tags(...args) : tags };
}
