import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { seededRandom } from '../support/seeded-random.js';
import { ChaosMesh } from './support/chaos-mesh.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 60_000;
const TRAFFIC_MS = 4000;
const HEARTBEAT_MS = 1000;

describeChaos('the network loses', () => {
  let mesh: ChaosMesh;
  afterEach(() => mesh.close());

  describe.each([
    { way: 'by the group', multicast: true },
    { way: 'unicast only', multicast: false },
  ])('$way', ({ way, multicast }) => {
    async function start(evicts = true): Promise<void> {
      mesh = new ChaosMesh({ multicast, heartbeat: HEARTBEAT_MS, evicts });
      await mesh.start();
    }

    it.each([
      { percent: 1, flushes: 0 },
      { percent: 10, flushes: 0 },
    ])(
      '$percent % of all datagrams: all of it is repaired, and nobody is told to flush anything',
      async ({ percent }) => {
        await start();
        mesh.lab.lose(percent * 10);
        await mesh.writeDuring(() => pause(TRAFFIC_MS));
        const { lost, delivered, resyncs } = await mesh.settle(`${way}, ${percent} %`);
        expect(lost).toBeGreaterThan(0);
        expect(delivered).toBeGreaterThan(0);
        expect(resyncs).toEqual([]);
      },
      TEST_MS,
    );

    it(
      '30 % of all datagrams: nothing is stale, and nobody is told to flush everything',
      async () => {
        await start();
        mesh.lab.lose(300);
        await mesh.writeDuring(() => pause(TRAFFIC_MS));
        const { lost, delivered, resyncs } = await mesh.settle(`${way}, 30 %`);
        expect(lost).toBeGreaterThan(0);
        expect(delivered).toBeGreaterThan(0);
        expect(resyncs.filter(({ all }) => all)).toEqual([]);
      },
      TEST_MS,
    );

    it(
      'everything at a node for 50 to 300 ms, again and again',
      async () => {
        const seed = randomInt(1, 2 ** 31);
        const random = seededRandom(seed);
        await start();
        await mesh.writeDuring(async () => {
          const end = performance.now() + TRAFFIC_MS;
          while (performance.now() < end) {
            const victim = mesh.lab.hosts[random.u32() % mesh.lab.hosts.length]!;
            victim.loseAll();
            await pause(50 + (random.u32() % 251));
            victim.heal();
            await pause(random.u32() % 100);
          }
        });
        const { lost, resyncs } = await mesh.settle(`${way}, bursts, seed ${seed}`);
        expect(lost).toBeGreaterThan(0);
        expect(resyncs).toEqual([]);
      },
      TEST_MS,
    );
  });

  describe('nothing, and a node does not heed what it hears', () => {
    it(
      'which is seen',
      async () => {
        mesh = new ChaosMesh({ multicast: true, heartbeat: HEARTBEAT_MS, evicts: false });
        await mesh.start();
        await mesh.writeDuring(() => pause(200));
        await expect(mesh.settle('deaf caches', 1000)).rejects.toThrow('stale since');
      },
      TEST_MS,
    );
  });
});
