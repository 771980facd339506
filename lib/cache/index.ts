export { Cached } from './cached.decorator.js';
export { Invalidates } from './invalidates.decorator.js';
export { MeshCacheModule } from './mesh-cache.module.js';
export { MeshCache } from './mesh-cache.js';

export type { MeshInvalidateOptions } from '../bus/cache-channel.js';
export type { CachedOptions } from './cached.decorator.js';
export type { InvalidatesOptions } from './invalidates.decorator.js';
export type { MeshCacheStats } from './cache-counters.js';
export type { MeshCacheModuleAsyncOptions } from './mesh-cache.module.js';
export type { MeshCacheModuleOptions } from './mesh-cache-options.js';
export type { MeshCacheEntryOptions, MeshCacheLoader } from './mesh-cache.js';
