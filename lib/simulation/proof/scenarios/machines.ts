import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const RESTS = { loss: 0.03 } as const;

/** Lets something befall a few nodes, one after the other, while everyone writes. */
function befall(stage: Stage, spacingMs: number, happen: (stage: Stage) => void): void {
  stage.gather();
  const times = stage.draw.whole(1, 3);
  stage.write(times * spacingMs);
  for (let time = 0; time < times; time++) {
    stage.run(spacingMs * 0.3);
    happen(stage);
    stage.run(spacingMs * 0.7);
  }
}

/** Processes that stand still, machines that sleep, clocks that leap, and receivers that can not keep up. */
export const MACHINES: readonly Scenario[] = [
  scenario(
    'stall-short',
    0,
    () => ({ conditions: RESTS }),
    (stage) => {
      befall(stage, 6000, () => stage.stall(stage.draw.pick(stage.nodes), stage.draw.between(300, 2500)));
    },
  ),
  scenario(
    'stall-long',
    'any',
    () => ({ conditions: RESTS }),
    (stage) => {
      befall(stage, 20_000, () => stage.stall(stage.draw.pick(stage.nodes), stage.draw.between(2000, 30_000)));
      stage.run(30_000);
    },
  ),
  scenario(
    'overrun-while-stalled',
    'any',
    () => ({ style: 'bursts', keys: 800 }),
    (stage) => {
      stage.change({ receiveBufferBytes: stage.draw.pick([8192, 32_768, 212_992]), loss: 0.01 });
      befall(stage, 6000, () => {
        const victim = stage.draw.pick(stage.nodes);
        stage.stall(victim, stage.draw.between(300, 3000));
        for (let burst = 0; burst < 8; burst++) {
          stage.after(burst * 20, () => stage.traffic().writeOnce(stage.nodes.filter((node) => node !== victim)));
        }
      });
    },
  ),
  scenario(
    'slow-readers',
    0,
    () => ({ style: 'bursts', keys: 600, keyLength: 90 }),
    (stage) => {
      stage.gather();
      stage.change({ receiveMs: stage.draw.between(0.02, 0.3), loss: 0.01 });
      stage.write(8000);
      stage.run(12_000);
    },
  ),
  scenario(
    'full-speed',
    0,
    (draw) => ({ keys: 2000, keyLength: 100, count: draw.whole(2, 4) }),
    (stage) => {
      stage.gather();
      stage.change({ receiveMs: stage.draw.between(0.05, 0.15), loss: 0.01 });
      // 20 full datagrams in each millisecond: more than any of them reads.
      const [writer] = stage.draw.some(stage.nodes, 1);
      const forMs = stage.draw.whole(50, 120);
      for (let millisecond = 0; millisecond < forMs; millisecond++) {
        stage.after(millisecond, () => stage.world.write(writer!, stage.draw.some(stage.world.keys, 200)));
      }
      stage.run(5000);
    },
  ),
  scenario(
    'suspended',
    'any',
    () => ({ conditions: RESTS }),
    (stage) => {
      befall(stage, 15_000, () => {
        const sleeper = stage.draw.pick(stage.nodes);
        const forMs = stage.draw.between(500, 40_000);
        const clockGoesOn = stage.draw.chance(0.5);
        stage.world.note(
          `${sleeper.name} is suspended for ${forMs.toFixed(0)} ms, its clock ${clockGoesOn ? 'goes on' : 'stands'}`,
        );
        stage.world.simulator.suspend(sleeper.simulated, forMs, clockGoesOn);
      });
      stage.run(40_000);
    },
  ),
  scenario(
    'clock-jumps',
    0,
    () => ({ conditions: RESTS }),
    (stage) => {
      befall(stage, 6000, () => {
        const { simulator } = stage.world;
        const jumper = stage.draw.pick(stage.nodes);
        const byMs = stage.draw.between(100, 600_000);
        stage.world.note(`the clock of ${jumper.name} jumps by ${byMs.toFixed(0)} ms`);
        simulator.jumpClock(jumper.simulated, byMs);
        simulator.jumpWallClock(stage.draw.pick(stage.nodes).simulated, stage.draw.between(-1e11, 1e11));
      });
    },
  ),
  scenario(
    'wall-clocks',
    0,
    () => ({ conditions: { loss: 0.05 } }),
    (stage) => {
      befall(stage, 6000, () => {
        stage.world.simulator.jumpWallClock(stage.draw.pick(stage.nodes).simulated, stage.draw.between(-1e11, 1e11));
      });
    },
  ),
];
