import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const RESTS = { loss: 0.05 } as const;

/** Lets something happen a few times while everyone writes. */
function repeatedly(stage: Stage, times: number, happen: () => void): void {
  stage.gather();
  const forMs = times * 6000;
  stage.write(forMs);
  for (let time = 0; time < times; time++) stage.after((time + stage.draw.between(0.2, 0.9)) * 6000, happen);
  stage.run(forMs);
}

/** Nodes that come and go, with a word or without. */
export const LIVES: readonly Scenario[] = [
  scenario(
    'late-meeting',
    'any',
    (draw) => ({ conditions: RESTS, count: draw.whole(2, 5) }),
    (stage) => {
      stage.gather();
      stage.write(20_000);
      stage.run(2000);
      const late = stage.join();
      // It is ready before it has met any of them, or some of them.
      stage.partition(
        [late],
        stage.draw.some(stage.nodes, stage.draw.whole(1, stage.nodes.length)).filter((node) => node !== late),
      );
      stage.run(stage.draw.between(3000, 12_000));
      stage.heal();
      stage.run(8000);
    },
  ),
  scenario(
    'first-words',
    'any',
    () => ({ conditions: { loss: 0.1 } }),
    (stage) => {
      // Everyone writes from its first instant on, before it knows anybody.
      stage.change({ loss: 0.1 });
      for (let index = 0; index < stage.draw.whole(2, 6); index++) {
        const node = stage.join();
        stage.traffic('hot').writeOnce([node]);
        stage.run(stage.draw.between(0, 1500));
        stage.traffic('steady').writeOnce([node]);
      }
      stage.write(10_000);
      stage.run(10_000);
    },
  ),
  scenario(
    'crash-after-publish',
    'any',
    () => ({ conditions: { loss: 0.3 } }),
    (stage) => {
      repeatedly(stage, stage.draw.whole(1, 2), () => {
        if (stage.nodes.length < 3) return;
        const victim = stage.draw.pick(stage.nodes);
        stage.traffic('bursts').writeOnce([victim]);
        stage.after(stage.draw.chance(0.5) ? 0 : stage.draw.between(0, 60), () => {
          if (victim.running) stage.world.crash(victim);
        });
      });
      stage.run(10_000);
    },
  ),
  scenario(
    'restart',
    'any',
    () => ({ conditions: RESTS }),
    (stage) => {
      repeatedly(stage, stage.draw.whole(1, 3), () => {
        stage.restart(stage.draw.pick(stage.nodes.filter((node) => stage.world.isAwake(node))));
      });
      stage.run(5000);
    },
  ),
  {
    // Some hear the last words of one that is replaced at once, and the others ask them: heartbeats would tell much later.
    ...scenario(
      'last-words',
      'any',
      (draw) => ({ heartbeatMs: 20_000, count: draw.whole(4, 7) }),
      (stage) => {
        stage.gather();
        for (let time = 0; time < 3; time++) {
          const [victim, ...rest] = stage.draw.some(stage.nodes, stage.nodes.length);
          for (const deaf of rest.slice(0, stage.draw.whole(1, rest.length - 1))) stage.cut(victim!, deaf);
          stage.traffic('steady').writeOnce([victim!]);
          stage.run(stage.draw.between(1, 15));
          stage.world.crash(victim!);
          stage.heal();
          stage.restart(victim!);
          stage.run(10_000);
        }
      },
    ),
    prompt: { withinMs: 3000, share: 1 },
  },
  scenario(
    'restart-after-publish',
    'any',
    () => ({ conditions: { loss: 0.2 } }),
    (stage) => {
      repeatedly(stage, stage.draw.whole(1, 2), () => {
        const old = stage.draw.pick(stage.nodes);
        stage.traffic('steady').writeOnce([old]);
        stage.after(stage.draw.between(0, 20), () => void stage.restart(old));
      });
      stage.run(8000);
    },
  ),
  scenario(
    'leaving',
    'any',
    () => ({ conditions: { loss: 0.2 } }),
    (stage) => {
      repeatedly(stage, stage.draw.whole(1, 2), () => {
        if (stage.nodes.length < 3) return;
        const leaver = stage.draw.pick(stage.nodes);
        stage.traffic('bursts').writeOnce([leaver]);
        stage.after(stage.draw.between(0, 50), () => {
          if (leaver.running && !leaver.isGoing) stage.world.leave(leaver);
        });
      });
      stage.run(8000);
    },
  ),
  scenario(
    'leaving-unheard',
    'any',
    (draw) => ({ count: draw.whole(3, 6), conditions: RESTS }),
    (stage) => {
      stage.gather();
      stage.write(6000);
      stage.run(3000);
      const [leaver, deaf] = stage.draw.some(stage.nodes, 2);
      stage.cut(leaver!, deaf!);
      stage.traffic('steady').writeOnce([leaver!]);
      stage.run(stage.draw.between(0, 300));
      stage.world.leave(leaver!);
      stage.run(10_000);
    },
  ),
  scenario(
    'last-of-two-leaves',
    0,
    () => ({ count: 2, style: 'steady' }),
    (stage) => {
      // Nobody else can tell what it said last: its goodbye has to.
      stage.gather();
      const [leaver, deaf] = stage.draw.some(stage.nodes, 2);
      stage.cut(leaver!, deaf!);
      stage.traffic().writeOnce([leaver!]);
      stage.run(stage.draw.between(0.1, 20));
      stage.heal();
      stage.world.leave(leaver!);
      stage.run(5000);
    },
  ),
  scenario(
    'joining-under-fire',
    'any',
    () => ({ conditions: { loss: 0.15 } }),
    (stage) => {
      repeatedly(stage, stage.draw.whole(2, 4), () => {
        const newcomer = stage.join();
        stage.after(stage.draw.between(0, 3000), () => {
          if (stage.world.isAwake(newcomer)) stage.traffic('steady').writeOnce([newcomer]);
        });
      });
      stage.run(3000);
    },
  ),
  scenario(
    'moving',
    'any',
    () => ({ conditions: RESTS }),
    (stage) => {
      let moves = 0;
      repeatedly(stage, 2, () => {
        const mover = stage.draw.pick(stage.nodes);
        stage.world.note(`${mover.name} moves`);
        stage.world.simulator.move(mover.simulated, `10.99.0.${++moves}:7946`);
      });
      stage.run(5000);
    },
  ),
];
