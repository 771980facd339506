import { injectedCache, keepMetadata } from './injected-cache.js';
import type { MeshCacheEntryOptions } from './mesh-cache.js';

export interface CachedOptions<Args extends readonly unknown[]> {
  /** The key of the entry, from what the method is called with. */
  readonly key: (...args: Args) => string;
  /** In milliseconds, as `MeshCacheEntryOptions.ttl`. */
  readonly ttl?: number | undefined;
  /** As `MeshCacheEntryOptions.tags`: the same for all calls, or from what the method is called with. */
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]) | undefined;
}

type AsyncMethod<Args extends readonly unknown[]> = (...args: Args) => Promise<unknown>;
type MethodOf<Method> = (target: object, name: string | symbol, descriptor: TypedPropertyDescriptor<Method>) => void;

/**
 * Lets `MeshCache.wrap` answer for an asynchronous method of a provider or controller: the method is its loader. An
 * instance that Nest has not made has no cache, and runs the method each time.
 *
 * @example
 * @Cached({ key: (id: string) => `user:${id}`, ttl: 60_000 })
 * findUser(id: string): Promise<User> {}
 */
export function Cached<Args extends readonly unknown[]>(options: CachedOptions<Args>): MethodOf<AsyncMethod<Args>> {
  return (target, _name, descriptor) => {
    const cacheOf = injectedCache(target);
    const method = descriptor.value!;
    descriptor.value = function cached(this: object, ...args: Args): Promise<unknown> {
      const cache = cacheOf(this);
      const load = (): Promise<unknown> => Reflect.apply(method, this, args);
      return cache === undefined ? load() : cache.wrap(options.key(...args), load, entryOptions(options, args));
    };
    keepMetadata(method, descriptor.value);
  };
}

function entryOptions<Args extends readonly unknown[]>(
  { ttl, tags }: CachedOptions<Args>,
  args: Args,
): MeshCacheEntryOptions {
  return { ttl, tags: typeof tags === 'function' ? tags(...args) : tags };
}
