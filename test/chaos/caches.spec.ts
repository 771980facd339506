import { randomInt } from 'node:crypto';
import { expect, it } from '@jest/globals';
import type { InstanceState, Way } from './support/cache-fleet.js';
import { type CacheOutcome, type Course, tellOutcome, troubleCaches } from './support/cache-scenario.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 150_000;
/** Nodes are given up after 2.5 s. */
const COURSE: Course = { lossy: 3000, parted: 4500, healed: 2000, without: 3000, again: 1500 };
const SHORT: Course = { lossy: 2000, parted: 0, healed: 0, without: 0, again: 0 };
const MESH: Way = { kind: 'mesh', multicast: true };
const DEAF: Way = { kind: 'deaf', multicast: true };

/** `CACHES_SEED` repeats what was random here; the kernel loses what it likes. `CACHES_RUNS` does it more often. */
const SEED = Number(process.env.CACHES_SEED ?? randomInt(1, 2 ** 31));
const SEEDS = Array.from({ length: Number(process.env.CACHES_RUNS ?? 1) }, (_, run) => ({ seed: SEED + run }));

describeChaos('caches of five applications', () => {
  it.each(SEEDS)(
    '10 % of all datagrams lost, a partition, a restart: nothing is stale when all is quiet (seed $seed)',
    async ({ seed }) => {
      const outcome = await troubleCaches(MESH, seed, COURSE);
      tellOutcome(`caches, seed ${seed}`, outcome);
      expect(outcome.stale).toEqual([]);
      expect(outcome.trouble.behindOwn).toEqual([]);
      expect(outcome.trouble.unknown).toBe(0);
      expect(outcome.states.flatMap(({ failures }) => failures)).toEqual([]);
      expectTrouble(outcome);
      expectCaching(outcome);
    },
    TEST_MS,
  );

  it(
    'one of them is not bound to the mesh: that is seen',
    async () => {
      const outcome = await troubleCaches([MESH, MESH, DEAF, MESH, MESH], SEED, SHORT);
      tellOutcome(`caches, one of them deaf, seed ${SEED}`, outcome);
      expect(outcome.stale).toContainEqual(expect.stringContaining('instance 2'));
      // Nobody hears of what it writes.
      expect(outcome.stale).toContainEqual(expect.stringContaining('instance 1'));
      expect(outcome.trouble.staleness.max).toBeGreaterThan(0);
    },
    TEST_MS,
  );
});

/** Or nothing was tested. */
function expectTrouble({ dropped, states, status, trouble }: CacheOutcome): void {
  expect(dropped).toBeGreaterThan(0);
  expect(status).toContain('isolated');
  expect(sum(states, ({ metrics }) => metrics?.lost)).toBeGreaterThan(0);
  expect(sum(states, ({ metrics }) => metrics?.repaired)).toBeGreaterThan(0);
  expect(trouble.readsBy['instance 3']).toBeGreaterThan(0);
  expect(trouble.readsBy['instance 3 anew']).toBeGreaterThan(0);
  expect(trouble.stale).toBeGreaterThan(0);
}

/** The caches were used in every way. */
function expectCaching({ states, trouble, held }: CacheOutcome): void {
  for (const kind of ['del', 'invalidate', 'put', 'glob'] as const) {
    expect(sum(states, ({ written }) => written[kind])).toBeGreaterThan(0);
  }
  expect(trouble.hitShare).toBeGreaterThan(0.3);
  expect(held).toBeGreaterThan(0);
  // Loads that an invalidation has overtaken.
  expect(sum(states, ({ stats }) => stats?.overtaken)).toBeGreaterThan(0);
}

function sum(states: readonly InstanceState[], of: (state: InstanceState) => number | undefined): number {
  return states.reduce((total, state) => total + (of(state) ?? 0), 0);
}
