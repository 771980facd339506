import { injectedCache, keepMetadata } from './injected-cache.js';

export interface InvalidatesOptions<Args extends readonly unknown[]> {
  /** The keys to invalidate, from what the method is called with. */
  readonly keys?: ((...args: Args) => readonly string[]) | undefined;
  /** The tags to invalidate. */
  readonly tags?: ((...args: Args) => readonly string[]) | undefined;
  /** So many other nodes have dealt with it before the method returns. Default none: nobody is waited for. */
  readonly await?: number | 'quorum' | 'all' | undefined;
  /** How long others are waited for, in milliseconds. Default 1000. */
  readonly timeout?: number | undefined;
}

type AsyncMethod<Args extends readonly unknown[]> = (...args: Args) => Promise<unknown>;
type MethodOf<Method> = (target: object, name: string | symbol, descriptor: TypedPropertyDescriptor<Method>) => void;

/**
 * Invalidates what an asynchronous method has changed, everywhere, when it has succeeded. Where that fails, or with `await`
 * too few others have answered, the method fails, with what it has done left done. An instance that Nest has not made has
 * no cache, and runs the method alone.
 *
 * @example
 * @Invalidates({ keys: (id: string) => [`user:${id}`], await: 'all' })
 * async saveUser(id: string, user: User): Promise<void> {}
 */
export function Invalidates<Args extends readonly unknown[]>(
  options: InvalidatesOptions<Args>,
): MethodOf<AsyncMethod<Args>> {
  return (target, _name, descriptor) => {
    const cacheOf = injectedCache(target);
    const method = descriptor.value!;
    descriptor.value = async function invalidating(this: object, ...args: Args): Promise<unknown> {
      const result = await Reflect.apply(method, this, args);
      const cache = cacheOf(this);
      if (cache === undefined) return result;
      const { keys, tags, await: replicas, timeout } = options;
      const invalidation = { await: replicas, timeout };
      await Promise.all([
        keys && cache.invalidate(keys(...args), invalidation),
        tags && cache.invalidateTag(tags(...args), invalidation),
      ]);
      return result;
    };
    keepMetadata(method, descriptor.value);
  };
}
