import { scenario, type Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/** Everyone writes for a while under the conditions that hold. */
function busy(stage: Stage): void {
  stage.gather();
  const forMs = stage.draw.between(15_000, 30_000);
  stage.write(forMs);
  stage.run(forMs);
}

/** Datagrams that do not come, come twice or come late, whoever sends them. */
export const LOSSES: readonly Scenario[] = [
  // Long enough for a hundred lost datagrams also where little is written.
  scenario(
    'loss-1',
    0,
    () => ({ conditions: { loss: 0.01 }, style: 'steady' }),
    (stage) => {
      busy(stage);
      stage.write(20_000);
      stage.run(20_000);
    },
  ),
  {
    // The last datagram of a row is repeated after 25 ms: otherwise each that is lost would have to be asked for.
    ...scenario(
      'isolated-writes',
      0,
      () => ({ conditions: { loss: 0.1 }, count: 5, style: 'sparse' }),
      (stage) => {
        stage.gather();
        stage.write(160_000);
        stage.run(160_000);
      },
    ),
    prompt: { withinMs: 45, share: 0.96 },
  },
  scenario('loss-10', 0, () => ({ conditions: { loss: 0.1 } }), busy),
  scenario('loss-30', 3, () => ({ conditions: { loss: 0.3 } }), busy),
  scenario(
    'bursts',
    'any',
    (draw) => ({
      conditions: {
        loss: 0.01,
        burst: { enter: draw.between(0.005, 0.03), leave: draw.between(0.05, 0.3), loss: draw.between(0.6, 1) },
      },
    }),
    busy,
  ),
  scenario(
    'one-bad-link',
    0,
    () => ({ conditions: { loss: 0.01 } }),
    (stage) => {
      stage.gather();
      const { network } = stage.world.simulator;
      const [from, to] = stage.draw.some(stage.nodes, 2);
      network.setLoss(from!.simulated.endpoint, to!.simulated.endpoint, stage.draw.between(0.5, 1));
      stage.write(20_000);
      stage.run(20_000);
    },
  ),
  scenario(
    'doubles',
    0,
    (draw) => ({
      conditions: {
        ...{ loss: 0.05, duplication: draw.between(0.1, 0.6), reordering: draw.between(0.1, 0.6) },
        jitterMs: draw.between(0.1, 30),
      },
    }),
    busy,
  ),
  scenario('far-away', 0, () => ({ conditions: { loss: 0.03, latencyMs: 80, jitterMs: 10 } }), busy),
];
