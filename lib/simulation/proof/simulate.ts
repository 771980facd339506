import type { CacheWorld } from './cache-world.js';
import { FlightRecorder } from './flight-recorder.js';
import { latenciesOf, milliseconds, quantile } from './latencies.js';
import { failureReport, lineText } from './report.js';
import { type Outcome, playProof } from './run-proof.js';
import { type Scenario, scenario } from './scenario.js';
import { scenarioNamed } from './scenarios/all-scenarios.js';
import type { SimulationOptions } from './simulation-options.js';
import type { Stage } from './stage.js';

export interface Simulated {
  readonly text: string;
  readonly ok: boolean;
}

/** Runs one mesh and tells what happened. */
export function simulate(options: SimulationOptions): Simulated {
  const chosen = options.scenario === undefined ? scenarioOf(options) : scenarioNamed(options.scenario);
  const recorder = options.trace === undefined ? undefined : new FlightRecorder(options.trace);
  const { world, outcome } = playProof(chosen, options.seed, recorder);
  const ok = outcome.violations.length === 0;
  const verdict = ok ? 'verdict     every promise was kept' : failureText(chosen, outcome, options);
  const lines = [...(recorder?.lines ?? []).map(lineText), ...summary(world, outcome, options), verdict];
  return { text: lines.join('\n'), ok };
}

/** A run as the options say, with the promises of all the others. */
function scenarioOf(options: SimulationOptions): Scenario {
  const { loss, burst, duplication, reordering, latencyMs } = options;
  const plan = {
    ...{ count: options.nodes, multicast: options.multicast, heartbeatMs: options.heartbeatMs },
    ...{ style: options.traffic, conditions: { loss, burst, duplication, reordering, latencyMs } },
  };
  const maySpare = loss === 0 && burst === undefined && options.partitionSeconds === 0;
  return {
    ...scenario(
      'sim',
      'any',
      () => plan,
      (stage) => play(stage, options),
    ),
    maySpare,
  };
}

function play(stage: Stage, { seconds, partitionSeconds }: SimulationOptions): void {
  stage.gather();
  stage.write(seconds * 1000);
  if (partitionSeconds > 0) {
    stage.after(seconds * 333, () => {
      const half = Math.ceil(stage.nodes.length / 2);
      stage.partition(stage.nodes.slice(0, half), stage.nodes.slice(half));
      stage.after(partitionSeconds * 1000, () => stage.heal());
    });
  }
  stage.run(seconds * 1000);
}

function failureText(chosen: Scenario, outcome: Outcome, { scenario: name, trace }: SimulationOptions): string {
  // With a trace of one's own, another one would only be in the way; and only named scenarios can be told of by name.
  if (trace === undefined && name !== undefined) return failureReport(chosen, outcome);
  return ['verdict     promises were broken', ...outcome.violations.map(({ kind, text }) => `  ${kind}: ${text}`)].join(
    '\n',
  );
}

function summary(world: CacheWorld, outcome: Outcome, options: SimulationOptions): string[] {
  const { counts } = world.simulator.network;
  const { drops } = world.meter;
  const total = totals(world);
  const latencies = latenciesOf(world);
  const at = (share: number): string => milliseconds(quantile(latencies, share));
  const resyncs = Object.entries(outcome.resyncs).map(([reason, count]) => `${reason} ${count}`);
  const perDelivery = latencies.length === 0 ? '–' : (total('nacksSent') / latencies.length).toFixed(4);
  return [
    `${outcome.nodes} nodes, ${outcome.scenario}, seed ${outcome.seed}, ${(world.simulator.now / 1000).toFixed(0)} s of virtual time`,
    `datagrams   ${counts.sent} sent, to each receiver one; doubled ${counts.duplicated}, overtaken ${counts.delayed}`,
    `dropped     lost ${drops.lost}, cut ${drops.cut}, overrun ${drops.overrun}, asleep ${drops.asleep}; ${world.meter.eventDrops} with events`,
    `writes      ${outcome.writes} by the caches, ${latencies.length} datagrams delivered, ${total('duplicates')} doubles passed over`,
    `gaps        ${total('gaps')} found, ${total('repaired')} repaired, ${total('nacksSent')} NACKs (${perDelivery} per delivery), ${total('repairsSent')} repairs sent`,
    `resyncs     ${resyncs.join(', ') || 'none'}`,
    `latency     median ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)}`,
    `rest        ${milliseconds(outcome.settledMs)} of it after the last trouble`,
    ...kindLines(world, options.seconds),
  ];
}

function kindLines({ meter }: CacheWorld, seconds: number): string[] {
  const kinds = [...meter.kinds()];
  const bytes = kinds.reduce((sum, [, count]) => sum + count.bytes, 0);
  return kinds.map(([kind, count], index) => {
    const share = `${((100 * count.bytes) / bytes).toFixed(1)} %`;
    const rate = `${(count.datagrams / seconds).toFixed(1)}/s`;
    return `${(index === 0 ? 'by kind' : '').padEnd(12)}${kind.padEnd(14)}${String(count.datagrams).padStart(10)}${String(count.bytes).padStart(12)} B${share.padStart(9)}${rate.padStart(12)}`;
  });
}

/** One counter, of all nodes that there ever were. */
function totals({
  nodes,
}: CacheWorld): (counter: 'gaps' | 'repaired' | 'nacksSent' | 'repairsSent' | 'duplicates') => number {
  const counters = nodes.map(({ simulated }) => simulated.node.stats().counters);
  return (counter) => counters.reduce((sum, values) => sum + values[counter], 0);
}
