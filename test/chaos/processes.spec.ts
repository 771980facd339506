import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChaosMesh } from './support/chaos-mesh.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 90_000;
/** Given up after 2.5 s. */
const HEARTBEAT_MS = 500;
const STOPPED_MS = 5000;
/** Short enough for the one who dies to tell no name twice: see `faultsOf`. */
const BEFORE_DEATH_MS = 1500;
const AFTER_DEATH_MS = 4000;

describeChaos('a process', () => {
  let mesh: ChaosMesh;
  afterEach(() => mesh.close());

  describe.each([
    { way: 'by the group', multicast: true },
    { way: 'unicast only', multicast: false },
  ])('$way', ({ way, multicast }) => {
    beforeEach(async () => {
      mesh = new ChaosMesh({ multicast, heartbeat: HEARTBEAT_MS });
      await mesh.start();
    });

    it(
      'stands still for 5 s, and goes on',
      async () => {
        mesh.lab.lose(10);
        const [stopped] = mesh.nodes;
        await mesh.writeDuring(async () => {
          await pause(500);
          stopped!.pause();
          await pause(STOPPED_MS);
          stopped!.resume();
          await pause(500);
        });
        const { lost } = await mesh.settle(`${way}, stopped`);
        expect(lost).toBeGreaterThan(0);
      },
      TEST_MS,
    );

    it(
      'is killed while it publishes, and another starts at its address',
      async () => {
        // So much that what it says last is likely to reach some and not all.
        mesh.lab.lose(300);
        const [doomed] = mesh.nodes;
        await mesh.writeDuring(async () => {
          await pause(BEFORE_DEATH_MS);
          await mesh.kill(doomed!);
          await pause(AFTER_DEATH_MS);
        });
        expect(doomed!.repeatsItself).toBe(false);
        const { reports } = await mesh.settle(`${way}, killed`);
        expect(reports).toHaveLength(4);
        await mesh.replace(doomed!);
        await mesh.writeDuring(() => pause(500));
        const { lost, reports: all } = await mesh.settle(`${way}, restarted`);
        expect(lost).toBeGreaterThan(0);
        expect(all).toHaveLength(5);
      },
      TEST_MS,
    );
  });
});
