import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChaosMesh } from './support/chaos-mesh.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 90_000;
/** Given up after 2.5 s: well within each of these. */
const HEARTBEAT_MS = 500;
const PARTITION_MS = 10_000;
const CUT_MS = 5000;

describeChaos('the network is cut', () => {
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
      'into two and three, for 10 s',
      async () => {
        const { hosts } = mesh.lab;
        const [left, right] = [hosts.slice(0, 2), hosts.slice(2)];
        await mesh.writeDuring(async () => {
          for (const host of left) host.loseFrom(right);
          for (const host of right) host.loseFrom(left);
          await pause(PARTITION_MS);
          mesh.lab.heal();
        });
        const { lost } = await mesh.settle(`${way}, partition`);
        expect(lost).toBeGreaterThan(0);
      },
      TEST_MS,
    );

    it(
      'in one direction: one does not hear another, who hears it',
      async () => {
        const [one, other] = mesh.lab.hosts;
        await mesh.writeDuring(async () => {
          one!.loseFrom([other!]);
          await pause(CUT_MS);
        });
        const { lost } = await mesh.settle(`${way}, one way, while it lasts`);
        expect(lost).toBeGreaterThan(0);
      },
      TEST_MS,
    );

    it(
      'between two who both hear the rest',
      async () => {
        const [one, other] = mesh.lab.hosts;
        await mesh.writeDuring(async () => {
          one!.loseFrom([other!]);
          other!.loseFrom([one!]);
          await pause(CUT_MS);
        });
        const { lost } = await mesh.settle(`${way}, between two, while it lasts`);
        expect(lost).toBeGreaterThan(0);
      },
      TEST_MS,
    );
  });
});
