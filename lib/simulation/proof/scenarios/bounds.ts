import { forgedBatch, forgedClaims } from '../forger.js';
import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { limits } from './limits.js';

const FORGER = '10.66.0.1:7946';
/** The window of a receiver: what claims more is not believed. */
const WINDOW = 1024;
/** More than a node sends here within the time that a question takes, and less than it sends until the end. */
const FAR_AHEAD = 15;

function forgeOnce(stage: Stage): void {
  const { draw, world } = stage;
  const [target, named, other] = draw.some(stage.nodes, 3);
  if (target === undefined || named === undefined) return;
  const about = (other ?? target).id;
  const sent = [...world.ledger.sentBy(named.id)].length;
  const highest = draw.pick([
    2 ** 47,
    sent + draw.whole(1, 5),
    sent + draw.whole(6, 30),
    sent + draw.whole(31, 1000),
    sent + WINDOW + draw.whole(1, 9),
  ]);
  const forged = forgedClaims(named.id, about, highest);
  // One that its origin would reach before it is asked could not be told from its own.
  forged.push(forgedBatch(named.id, Math.max(highest, sent + FAR_AHEAD)));
  world.note(`somebody claims in the name of ${named.name} that it has come to ${highest}, to ${target.name}`);
  const viaGroup = stage.multicast && draw.chance(0.5);
  for (const bytes of forged) world.simulator.inject(FORGER, target.simulated, bytes, viaGroup);
}

/** Too much at once, too little room, and words of those who have no right to speak. */
export const BOUNDS: readonly Scenario[] = [
  scenario(
    'forged-claims',
    'any',
    () => ({ conditions: { loss: 0.05 }, style: 'steady' }),
    (stage) => {
      stage.gather();
      stage.write(20_000);
      for (let time = 0; time < 40; time++) stage.after(stage.draw.between(0, 20_000), () => forgeOnce(stage));
      stage.run(22_000);
    },
  ),
  scenario(
    'overload',
    'any',
    (draw) => ({
      ...{ style: 'bursts', keys: 1200, conditions: { loss: 0.1 } },
      config: { ...limits({ pendingKeys: draw.pick([20, 100, 400]) }) },
    }),
    (stage) => {
      stage.gather();
      stage.write(12_000);
      stage.run(14_000);
    },
  ),
  scenario(
    'overload-and-loss',
    'any',
    (draw) => ({
      ...{ style: 'bursts', keys: 600, conditions: { loss: draw.between(0.4, 0.7) } },
      config: { ...limits({ pendingKeys: 50, repairBytes: draw.pick([600, 1300, 8192]) }) },
    }),
    (stage) => {
      stage.gather();
      stage.write(8000);
      stage.run(10_000);
    },
  ),
  scenario(
    'tiny-rings',
    'any',
    (draw) => ({
      conditions: { loss: draw.between(0.1, 0.4) },
      config: { ...limits({ repairBytes: draw.pick([300, 1500, 6000]) }) },
    }),
    (stage) => {
      stage.gather();
      stage.write(15_000);
      stage.run(17_000);
    },
  ),
  scenario(
    'short-memory',
    'any',
    (draw) => ({
      conditions: { loss: 0.2 },
      config: { ...limits({ repairAge: draw.pick([100, 1000, 3000]) }) },
    }),
    (stage) => {
      stage.gather();
      stage.write(15_000);
      const [deaf, ...rest] = stage.draw.some(stage.nodes, stage.nodes.length);
      stage.run(5000);
      stage.partition([deaf!], rest);
      stage.run(stage.draw.between(1000, 5000));
      stage.heal();
      stage.run(10_000);
    },
  ),
  scenario(
    'far-behind',
    'any',
    (draw) => ({ count: draw.whole(2, 4), heartbeatMs: 5000, conditions: { loss: 0.02 } }),
    (stage) => {
      // More datagrams are missed than the window of a receiver is long.
      stage.gather();
      const [writer, deaf] = stage.draw.some(stage.nodes, 2);
      stage.cut(writer!, deaf!);
      if (stage.draw.chance(0.5)) stage.cut(deaf!, writer!);
      const count = stage.draw.whole(1000, 2200);
      for (let write = 0; write < count; write++) {
        stage.after(write * 2, () => stage.world.write(writer!, [stage.draw.pick(stage.world.keys)]));
      }
      stage.run(count * 2 + stage.draw.between(0, 6000));
      stage.heal();
      stage.run(2000);
    },
  ),
];
