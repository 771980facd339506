import type { Way } from '../../chaos/support/cache-fleet.js';
import type { Course } from '../../chaos/support/cache-scenario.js';

/** How caches are kept alike, and through what they are put. */
export interface CacheContestant {
  readonly title: string;
  readonly way: Way;
  readonly course: Course;
  readonly needsRedis: boolean;
  /** It loses packets and nothing more: what counts is what is asked of a shared level. */
  readonly isCalm: boolean;
}

const TROUBLE: Course = { lossy: 4000, parted: 4500, healed: 2000, without: 2500, again: 1000 };
const LOSS_ONLY: Course = { lossy: 6000, parted: 0, healed: 0, without: 0, again: 0 };

const troubled = (title: string, way: Way): CacheContestant => ({
  ...{ title, way, course: TROUBLE, needsRedis: way.kind === 'redis', isCalm: false },
});

export const CONTESTANTS: Readonly<Record<string, CacheContestant>> = {
  mesh: troubled('`MeshCacheModule`', { kind: 'mesh', multicast: true }),
  unicast: troubled('`MeshCacheModule`, unicast only', { kind: 'mesh', multicast: false }),
  alone: troubled('cache-manager alone', { kind: 'alone' }),
  redis: troubled('Redis pub/sub', { kind: 'redis', pings: false, clears: false }),
  pings: troubled('Redis pub/sub, dead connections found', { kind: 'redis', pings: true, clears: false }),
  clears: troubled('… and the cache cleared on reconnect', { kind: 'redis', pings: true, clears: true }),
  shared: {
    title: '`MeshCacheModule`, Redis as second level',
    way: { kind: 'mesh', multicast: true, sharesLevel: true },
    ...{ course: LOSS_ONLY, needsRedis: true, isCalm: true },
  },
};
