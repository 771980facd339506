import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import type { WorldNode } from '../world-node.js';

const MINUTE = 60_000;

/** Splits the mesh in two for that long, while both sides write. */
function splitFor(stage: Stage, forMs: number): readonly [readonly WorldNode[], readonly WorldNode[]] {
  const one = stage.draw.some(stage.nodes, stage.draw.whole(1, stage.nodes.length - 1));
  const other = stage.nodes.filter((node) => !one.includes(node));
  stage.partition(one, other);
  stage.run(forMs);
  return [one, other];
}

/** Both sides write, a little before the split until a little after it; in long ones now and then. */
function partition(stage: Stage, forMs: number, between: () => void = () => undefined): void {
  stage.gather();
  stage.write(Math.min(forMs, 10_000) + 2000);
  stage.run(1000);
  stage.after(Math.max(0, forMs - 3000), () => stage.write(6000));
  splitFor(stage, forMs);
  between();
  stage.heal();
  stage.run(10_000);
}

/** Links that carry nothing, and meshes that fall apart. */
export const CUTS: readonly Scenario[] = [
  scenario(
    'one-way-cut',
    'any',
    () => ({ conditions: { loss: 0.01 } }),
    (stage) => {
      stage.gather();
      for (let cut = stage.draw.whole(1, 3); cut > 0; cut--) {
        const [from, to] = stage.draw.some(stage.nodes, 2);
        stage.cut(from!, to!);
      }
      const forMs = stage.draw.between(2000, 30_000);
      stage.write(forMs);
      stage.run(forMs);
    },
  ),
  scenario(
    'non-transitive-cut',
    0,
    () => ({ conditions: { loss: 0.01 } }),
    (stage) => {
      stage.gather();
      const [one, other] = stage.draw.some(stage.nodes, 2);
      stage.partition([one!], [other!]);
      const forMs = stage.draw.between(2000, 40_000);
      stage.write(forMs);
      stage.run(forMs);
    },
  ),
  {
    ...scenario(
      'lasting-one-way-cut',
      'any',
      () => ({ conditions: { loss: 0.01 } }),
      (stage) => {
        stage.gather();
        const [from, to] = stage.draw.some(stage.nodes, 2);
        stage.cut(from!, to!);
        stage.write(10_000);
        stage.run(11_000);
      },
    ),
    keepsCuts: true,
  },
  {
    ...scenario(
      'lasting-non-transitive-cut',
      'any',
      () => ({ conditions: { loss: 0.01 } }),
      (stage) => {
        stage.gather();
        const [one, other] = stage.draw.some(stage.nodes, 2);
        stage.partition([one!], [other!]);
        stage.write(stage.draw.between(2000, 30_000));
        stage.run(31_000);
      },
    ),
    keepsCuts: true,
  },
  {
    // One joins who never meets one of the others, and hears of it from the rest only.
    ...scenario(
      'never-meeting',
      'any',
      () => ({ conditions: { loss: 0.01 } }),
      (stage) => {
        stage.gather();
        const [stranger] = stage.draw.some(stage.nodes, 1);
        const late = stage.joinApartFrom(stranger!);
        stage.run(stage.draw.between(1000, 6000));
        stage.write(10_000);
        stage.run(11_000);
        stage.world.note(`${late.name} has never met ${stranger!.name}`);
      },
    ),
    keepsCuts: true,
  },
  scenario(
    'deaf-to-the-group',
    0,
    () => ({ multicast: true, conditions: { loss: 0.01 } }),
    (stage) => {
      stage.gather();
      for (const node of stage.draw.some(stage.nodes, stage.draw.whole(1, 2))) {
        stage.world.note(`${node.name} hears the group no more`);
        stage.world.simulator.network.cutGroup(node.simulated.endpoint);
      }
      stage.write(20_000);
      stage.run(20_000);
    },
  ),
  scenario(
    'partition-short',
    0,
    () => ({ onIsolation: 'serve', conditions: { loss: 0.02 } }),
    (stage) => {
      partition(stage, stage.draw.between(300, 2500));
    },
  ),
  scenario(
    'partition-repaired',
    0,
    (draw) => ({ count: draw.whole(4, 8), conditions: { loss: 0.02 } }),
    (stage) => {
      // Both sides take each other for dead, and all that was said meanwhile can still be repeated.
      stage.gather();
      const half = Math.floor(stage.nodes.length / 2);
      const forMs = stage.draw.between(7000, 25_000);
      stage.write(forMs + 1000);
      stage.partition(stage.nodes.slice(0, half), stage.nodes.slice(half));
      stage.run(forMs);
      stage.heal();
      stage.run(5000);
    },
  ),
  scenario(
    'partition-long',
    'any',
    (draw) => ({ heartbeatMs: draw.pick([1000, 2000]) }),
    (stage) => {
      partition(stage, stage.draw.between(20_000, 4 * MINUTE));
    },
  ),
  scenario(
    'partition-beyond-memory',
    'any',
    (draw) => ({ heartbeatMs: 5000, count: draw.whole(2, 5) }),
    (stage) => {
      partition(stage, stage.draw.between(9 * MINUTE, 25 * MINUTE));
    },
  ),
  scenario(
    'partition-with-dead-seed',
    'any',
    () => ({ multicast: false }),
    (stage) => {
      partition(stage, stage.draw.between(5000, 2 * MINUTE), () => {
        const [first] = stage.nodes;
        if (first !== undefined && stage.nodes.length > 2) stage.world.crash(first);
      });
    },
  ),
  scenario(
    'death-behind-a-partition',
    'any',
    (draw) => ({ count: draw.whole(4, 8), conditions: { loss: 0.02 } }),
    (stage) => {
      stage.gather();
      stage.write(stage.draw.between(5000, 40_000));
      const [one] = splitFor(stage, stage.draw.between(1000, 20_000));
      if (one.length > 1) stage.world.crash(one[0]!);
      stage.run(stage.draw.between(0, 20_000));
      stage.heal();
      stage.run(5000);
    },
  ),
  scenario(
    'life-behind-a-partition',
    'any',
    (draw) => ({ count: draw.whole(3, 6), conditions: { loss: 0.02 } }),
    (stage) => {
      stage.gather();
      const [one, other] = splitFor(stage, stage.draw.between(1000, 10_000));
      const born = stage.join();
      stage.partition([born], stage.draw.chance(0.5) ? one : other);
      stage.write(10_000);
      stage.run(stage.draw.between(3000, 12_000));
      if (stage.draw.chance(0.5)) stage.world.crash(born);
      stage.run(stage.draw.between(0, 5000));
      stage.heal();
      stage.run(5000);
    },
  ),
  scenario(
    'isolation',
    'any',
    () => ({ conditions: { loss: 0.01 } }),
    (stage) => {
      stage.gather();
      const [alone] = stage.draw.some(stage.nodes, 1);
      const forMs = stage.draw.between(500, 60_000);
      stage.write(forMs + 3000);
      stage.partition(
        [alone!],
        stage.nodes.filter((node) => node !== alone),
      );
      stage.run(forMs);
      stage.heal();
      stage.run(3000);
    },
  ),
];
