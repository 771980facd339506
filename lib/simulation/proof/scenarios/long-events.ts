import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { limits } from './limits.js';

function busy(stage: Stage): void {
  stage.gather();
  const forMs = stage.draw.between(15_000, 25_000);
  stage.write(forMs);
  stage.run(forMs);
}

/** Events of up to 64 KiB among short ones: a row of datagrams each, of which any may be lost. */
export const LONG_EVENTS: readonly Scenario[] = [
  scenario('long-events', 0, () => ({ conditions: { loss: 0.1 }, style: 'long' }), busy),
  scenario(
    'long-events-beyond-repair',
    'any',
    (draw) => ({
      conditions: { loss: draw.between(0.2, 0.5), duplication: 0.1, reordering: 0.1 },
      ...{ style: 'long', config: limits({ repairBytes: draw.whole(65_536, 500_000) }) },
    }),
    busy,
  ),
  scenario(
    'long-events-lives',
    'any',
    () => ({ conditions: { loss: 0.1 }, style: 'long' }),
    (stage) => {
      stage.gather();
      stage.write(24_000);
      for (let time = 0; time < 4; time++) {
        stage.after((time + stage.draw.between(0.2, 0.9)) * 6000, () => {
          if (stage.nodes.length < 3) return void stage.join();
          const node = stage.draw.pick(stage.nodes);
          stage.traffic().writeOnce([node]);
          // In the middle of what it says.
          stage.after(stage.draw.between(0, 10), () => {
            if (!node.running || node.isGoing) return;
            if (stage.draw.chance(0.4)) stage.world.leave(node);
            else if (stage.draw.chance(0.5)) stage.world.crash(node);
            else stage.restart(node);
          });
          if (stage.draw.chance(0.5)) stage.join();
        });
      }
      stage.run(34_000);
    },
  ),
];
