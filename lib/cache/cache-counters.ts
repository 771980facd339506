/** What has become of the reads and writes of one cache, since it was bound. */
export interface MeshCacheStats {
  /** Of `MeshCache.wrap`: answered from the cache. */
  readonly hits: number;
  /** Of `MeshCache.wrap`: nothing was there. */
  readonly misses: number;
  /** Of `MeshCache.wrap`: answered by a load that was under way already. */
  readonly joined: number;
  /** Loaders that failed, or took longer than `loadTimeout`. */
  readonly loadFailures: number;
  /** Values that were not kept, or let go again at once, as an invalidation had overtaken them. */
  readonly overtaken: number;
  /** Keys whose invalidation was heard, held or not; own ones among them, as the bus of a `MeshModule` hears itself. */
  readonly invalidated: number;
  /** Entries that globs, tags and resyncs have evicted. */
  readonly swept: number;
  /** How often everything was dropped, as somebody said so or a resync covered all. */
  readonly cleared: number;
  /** Resyncs that were heard: keys may have been missed. */
  readonly resyncs: number;
}

export type CacheCounters = { -readonly [Name in keyof MeshCacheStats]: number };

export function newCacheCounters(): CacheCounters {
  return {
    ...{ hits: 0, misses: 0, joined: 0, loadFailures: 0, overtaken: 0 },
    ...{ invalidated: 0, swept: 0, cleared: 0, resyncs: 0 },
  };
}
