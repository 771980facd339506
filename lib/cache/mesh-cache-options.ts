import { MeshError } from '../errors/mesh-error.js';
import type { MeshLogger } from '../options/mesh-logger.js';
import type { LocalStores } from './cache-levels.js';

export interface MeshCacheModuleOptions {
  /** What stands before the cache's key in a published one, up to 512 bytes. Default `'invalidate:'`. */
  readonly prefix?: string | undefined;
  /** The same for tags. Default `'invalidate-tag:'`. */
  readonly tagPrefix?: string | undefined;
  /**
   * Which levels of the cache are in the memory of this process, by their place in `stores`, from 0; those of a
   * `Cacheable` count as two. Default: those that can list their keys, as `Map`, `LRUCache` and `CacheableMemory` do.
   */
  readonly localStores?: LocalStores | undefined;
  /** How long `MeshCache.wrap` waits for a loader, in milliseconds, 1 to 2^31 - 1. Default 30,000. */
  readonly loadTimeout?: number | undefined;
  /** The mesh to use: the `name` given to `MeshModule.forRoot`. Default: the one without a name. */
  readonly mesh?: string | undefined;
  /** Whether `MeshCache` can be injected everywhere. Default `true`. */
  readonly isGlobal?: boolean | undefined;
}

export interface ResolvedCacheOptions {
  readonly prefix: string;
  readonly tagPrefix: string;
  readonly localStores: LocalStores | undefined;
  readonly loadTimeout: number;
  readonly logger: MeshLogger | false;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws MeshError `MESH_ERR_CONFIG` */
export function resolveCacheOptions(options: MeshCacheModuleOptions, logger: MeshLogger | false): ResolvedCacheOptions {
  const { prefix = 'invalidate:', tagPrefix = 'invalidate-tag:', localStores, loadTimeout = 30_000 } = options;
  if (typeof prefix !== 'string' || typeof tagPrefix !== 'string' || prefix === tagPrefix) {
    throw new MeshError('MESH_ERR_CONFIG', 'prefix and tagPrefix of MeshCacheModule must be two different texts');
  }
  if (!Number.isInteger(loadTimeout) || loadTimeout < 1 || loadTimeout > LONGEST_TIMEOUT_MS) {
    throw new MeshError('MESH_ERR_CONFIG', `loadTimeout is ${loadTimeout}: it must be a whole number of ms, 1 or more`);
  }
  if (localStores !== undefined && !isPlaces(localStores)) {
    throw new MeshError('MESH_ERR_CONFIG', 'localStores must be a list of places, counted from 0, such as [0]');
  }
  return { prefix, tagPrefix, localStores, loadTimeout, logger };
}

function isPlaces(value: unknown): boolean {
  return Array.isArray(value) && value.every((place) => Number.isInteger(place) && place >= 0);
}
