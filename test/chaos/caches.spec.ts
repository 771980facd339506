import { randomInt } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type InstanceState, type Way } from './support/cache-fleet.js';
import { type Course, tellOutcome, troubleCaches } from './support/cache-scenario.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 90_000;
const COURSE: Course = { lossy: 3000, parted: 4500, healed: 2000, without: 4500, again: 1500 };
const SHORT: Course = { lossy: 2000, parted: 0, healed: 0, without: 0, again: 0 };
const MESH: Way = { kind: 'mesh', multicast: true };
const SEED = Number(process.env.CACHES_SEED ?? randomInt(1, 2 ** 31));

const sum = (states: readonly InstanceState[], of: (state: InstanceState) => number | undefined): number =>
  states.reduce((total, state) => total + (of(state) ?? 0), 0);

describeChaos(`caches of five applications, seed ${SEED}`, () => {
  it(
    '10 % of all datagrams lost, a partition, a restart: nothing is stale when all is quiet',
    async () => {
      const outcome = await troubleCaches(MESH, SEED, COURSE);
      tellOutcome(`caches, seed ${SEED}`, outcome);
      const { trouble, stale, states, dropped, status } = outcome;
      expect(stale).toEqual([]);
      expect(trouble.behindOwn).toEqual([]);
      expect(trouble.unknown).toBe(0);
      expect(states.flatMap(({ failures }) => failures)).toEqual([]);
      expect(dropped).toBeGreaterThan(0);
      expect(sum(states, ({ metrics }) => metrics?.lost)).toBeGreaterThan(0);
      expect(status).toContain('isolated');
      for (const kind of ['del', 'invalidate', 'put', 'glob'] as const) {
        expect(sum(states, ({ written }) => written[kind])).toBeGreaterThan(0);
      }
      expect(trouble.hitShare).toBeGreaterThan(0.5);
      expect(trouble.stale).toBeGreaterThan(0);
      expect(outcome.held).toBeGreaterThan(0);
      expect(sum(states, ({ stats }) => stats?.overtaken)).toBeGreaterThan(0);
    },
    TEST_MS,
  );

  describe('one of which is not bound to the mesh', () => {
    it(
      'which is seen',
      async () => {
        const outcome = await troubleCaches([MESH, MESH, { kind: 'deaf', multicast: true }, MESH, MESH], SEED, SHORT);
        tellOutcome(`caches, one of them deaf, seed ${SEED}`, outcome);
        expect(outcome.stale).not.toEqual([]);
        expect(outcome.stale).toContainEqual(expect.stringContaining('instance 2'));
      },
      TEST_MS,
    );
  });
});
