import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const SQUALL_MS = 4000;

/** One thing that goes wrong, whichever. */
function squall(stage: Stage): void {
  const { draw, nodes, world } = stage;
  const node = draw.pick(nodes);
  const [one, other] = draw.some(nodes, 2);
  const troubles: readonly (() => void)[] = [
    () => stage.change({ loss: draw.between(0, 0.4) }),
    () => stage.change({ burst: { enter: 0.02, leave: draw.between(0.05, 0.3), loss: 1 } }),
    () => stage.change({ duplication: draw.between(0, 0.4), reordering: draw.between(0, 0.4) }),
    () => stage.cut(one!, other!),
    () => stage.partition([one!], [other!]),
    () => stage.partition(nodes.slice(0, draw.whole(1, nodes.length - 1)), nodes.slice(-1)),
    () => stage.heal(),
    () => stage.stall(node, draw.between(200, 9000)),
    () => world.simulator.suspend(node.simulated, draw.between(200, 9000), draw.chance(0.5)),
    () => world.simulator.jumpClock(node.simulated, draw.between(10, 60_000)),
    () => (nodes.length > 3 && stage.world.isAwake(node) ? world.crash(node) : undefined),
    () => void stage.restart(node),
    () => (nodes.length > 3 && stage.world.isAwake(node) ? world.leave(node) : undefined),
    () => void stage.join(),
    () => stage.traffic('bursts').writeOnce(nodes),
  ];
  draw.pick(troubles)();
}

/** Everything at once. */
export const STORM: readonly Scenario[] = [
  scenario(
    'storm',
    'any',
    () => ({ conditions: { loss: 0.1 } }),
    (stage) => {
      stage.gather();
      const squalls = stage.draw.whole(4, 12);
      stage.write(squalls * SQUALL_MS);
      for (let time = 0; time < squalls; time++) {
        squall(stage);
        stage.run(SQUALL_MS);
      }
    },
  ),
];
