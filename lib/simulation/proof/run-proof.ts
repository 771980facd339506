import type { ResyncReason } from '../../core/node-event.js';
import { SeededRandom } from '../../primitives/seeded-random.js';
import type { CacheWorld } from './cache-world.js';
import { Draw } from './draw.js';
import type { FlightRecorder } from './flight-recorder.js';
import { Oracle, type Violation } from './oracle.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';

export interface Outcome {
  readonly seed: number;
  readonly scenario: string;
  readonly violations: readonly Violation[];
  /** How long after the last trouble nothing was stale any more. */
  readonly settledMs: number;
  readonly nodes: number;
  readonly writes: number;
  readonly dropped: number;
  readonly resyncs: Readonly<Partial<Record<ResyncReason, number>>>;
}

const OPTIONS_SEED = 0x0b57_ac1e;
/** The longest that a mesh may take to come to rest. */
const REST_MS = 180_000;
const REST_HEARTBEATS = 20;
const STEP_HEARTBEATS = 1;
/** Rest that every run gets: what comes late and is wrong must have the time to come. */
const LEAST_REST_HEARTBEATS = 12;
const INSISTENCE = 30;
const INSISTENCE_MS = 5000;
/** One seed in so many rests for the whole time, though nothing is stale any more. */
const FULL_REST_EVERY = 16;

/** Plays a scenario to its end and judges it. */
export function runProof(scenario: Scenario, seed: number, recorder?: FlightRecorder): Outcome {
  return playProof(scenario, seed, recorder).outcome;
}

/** The same, for those who want to see the world as it is at the end. */
export function playProof(
  scenario: Scenario,
  seed: number,
  recorder?: FlightRecorder,
): { readonly world: CacheWorld; readonly outcome: Outcome } {
  const stage = new Stage(seed, scenario.options(new Draw(new SeededRandom(seed ^ OPTIONS_SEED))), recorder);
  const { world } = stage;
  scenario.play(stage);
  insist(stage, scenario);
  stage.calm(scenario.keepsCuts === true);
  const calmAt = world.simulator.now;
  const violations = settle(stage, scenario, seed % FULL_REST_EVERY === 0);
  const outcome = {
    ...{ seed, scenario: scenario.name, violations, settledMs: world.simulator.now - calmAt },
    ...{ nodes: world.nodes.length, writes: world.truth.count, dropped: world.meter.dropped },
    resyncs: countResyncs(world),
  };
  return { world, outcome };
}

/** Where little is written and little is lost, it takes longer until anything was. */
function insist(stage: Stage, { maySpare }: Scenario): void {
  for (let time = 0; time < INSISTENCE && maySpare !== true && stage.world.meter.eventDrops === 0; time++) {
    stage.write(INSISTENCE_MS);
    stage.run(INSISTENCE_MS);
  }
}

function settle(stage: Stage, scenario: Scenario, isPatient: boolean): readonly Violation[] {
  const { world, heartbeatMs } = stage;
  const longest = Math.max(REST_MS, REST_HEARTBEATS * heartbeatMs);
  let rested = LEAST_REST_HEARTBEATS * heartbeatMs;
  stage.run(rested);
  for (;;) {
    const isOver = rested >= longest;
    if (isOver || (!isPatient && world.staleCount() === 0 && isWhole(stage, scenario))) {
      const violations = [...new Oracle(world, scenario).judge(), ...apart(stage, scenario)];
      if (isOver || violations.every(({ kind }) => kind !== 'stale' && kind !== 'untold')) return violations;
    }
    stage.run(STEP_HEARTBEATS * heartbeatMs);
    rested += STEP_HEARTBEATS * heartbeatMs;
  }
}

function isWhole(stage: Stage, { keepsCuts }: Scenario): boolean {
  return keepsCuts === true || stage.knowAll();
}

/** Nodes that have not found each other again. */
function apart(stage: Stage, scenario: Scenario): Violation[] {
  if (isWhole(stage, scenario)) return [];
  const text = stage.nodes.map(({ name, simulated }) => `${name}:${simulated.node.stats().members}`).join(' ');
  return [{ kind: 'apart', text: `of ${stage.nodes.length} nodes some do not know all others: ${text}` }];
}

export function countResyncs({ nodes }: CacheWorld): Partial<Record<ResyncReason, number>> {
  const counts: Partial<Record<ResyncReason, number>> = {};
  for (const { resyncs } of nodes) {
    for (const { reason } of resyncs) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}
