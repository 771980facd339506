import { type AsyncMethodDecorator, replaceMethod } from './async-method.js';
import { injectedCache } from './injected-cache.js';
import type { MeshCache } from './mesh-cache.js';

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
): AsyncMethodDecorator<Args> {
  return (target, _name, descriptor) => {
    const cacheOf = injectedCache(target);
    replaceMethod<Args>(descriptor, (method) => async (instance, args) => {
      const result = await method(instance, args);
      const cache = cacheOf(instance);
      if (cache !== undefined) await invalidate(cache, options, args);
      return result;
    });
  };
}

async function invalidate<Args extends readonly unknown[]>(
  cache: MeshCache,
  { keys, tags, await: replicas, timeout }: InvalidatesOptions<Args>,
  args: Args,
): Promise<void> {
  const options = { await: replicas, timeout };
  // Both, before either begins: one that throws leaves nothing under way.
  const [keyList, tagList] = [keys?.(...args), tags?.(...args)];
  await Promise.all([keyList && cache.invalidate(keyList, options), tagList && cache.invalidateTag(tagList, options)]);
}
