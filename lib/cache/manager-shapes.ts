// What this library uses of cache-manager 6 and 7 and of Keyv, by shape: an application has either, of its own.

/** What a store keeps: the value, and when it expires. */
export interface StoredValue {
  readonly value: unknown;
  readonly expires?: number | null | undefined;
}

/** A Keyv: one level of a cache. */
export interface Level extends Store {
  readonly store: unknown;
  readonly namespace?: string | undefined;
  readonly useKeyPrefix?: boolean;
  readonly iterator?: unknown;
  get(key: string, options: { readonly raw: true }): Promise<StoredValue | undefined>;
}

/** What cache-manager calls a store: a Keyv, or a `Cacheable` of two. */
export interface Store {
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  setMany?(items: readonly CacheItem[]): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  clear(): Promise<unknown>;
}

export interface CacheItem {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number;
}

/** What `CACHE_MANAGER` stands for. */
export interface CacheManager {
  readonly stores: readonly Store[];
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  mset(items: CacheItem[]): Promise<unknown>;
  del(key: string): Promise<unknown>;
  mdel(keys: string[]): Promise<unknown>;
  clear(): Promise<unknown>;
  wrap(key: string, load: () => unknown, ...rest: unknown[]): Promise<unknown>;
  on(event: 'refresh', listener: (refreshed: { readonly key: string }) => void): unknown;
}
