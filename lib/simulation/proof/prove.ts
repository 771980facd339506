import { failureReport } from './report.js';
import { type Outcome, runProof } from './run-proof.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/all-scenarios.js';

/** What became of one seed. */
export interface Proved {
  readonly seed: number;
  readonly scenario: string;
  readonly resyncs: Outcome['resyncs'];
  readonly dropped: number;
  /** Undefined when every promise was kept. */
  readonly failure: string | undefined;
}

/** Each seed stands for one run: the scenarios take turns. */
export function scenarioOf(seed: number): Scenario {
  const scenario = SCENARIOS[seed % SCENARIOS.length];
  if (scenario === undefined)
    throw new RangeError(`a seed is a whole number and not negative, and this one is ${seed}`);
  return scenario;
}

/** Plays one seed. It never throws: what breaks is a failure as any other. */
export function prove(seed: number, scenario = scenarioOf(seed)): Proved {
  const base = { seed, scenario: scenario.name };
  try {
    const outcome = runProof(scenario, seed);
    const failure = outcome.violations.length === 0 ? undefined : failureReport(scenario, outcome);
    return { ...base, resyncs: outcome.resyncs, dropped: outcome.dropped, failure };
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...base, resyncs: {}, dropped: 0, failure: `${scenario.name}, seed ${seed}: ${text}` };
  }
}

interface Row {
  runs: number;
  failed: number;
  dropped: number;
  readonly resyncs: Map<string, number>;
}

/** Adds up what was proved, scenario by scenario. */
export class Proofs {
  readonly failures: string[] = [];
  readonly #rows = new Map<string, Row>();

  add({ scenario, resyncs, dropped, failure }: Proved): void {
    const row = this.#rows.get(scenario) ?? { runs: 0, failed: 0, dropped: 0, resyncs: new Map<string, number>() };
    this.#rows.set(scenario, row);
    row.runs++;
    row.dropped += dropped;
    for (const [reason, count] of Object.entries(resyncs))
      row.resyncs.set(reason, (row.resyncs.get(reason) ?? 0) + count);
    if (failure === undefined) return;
    row.failed++;
    this.failures.push(failure);
  }

  get runs(): number {
    return [...this.#rows.values()].reduce((sum, { runs }) => sum + runs, 0);
  }

  /** A line for each scenario. */
  lines(): string[] {
    const head = `${'scenario'.padEnd(26)}${'runs'.padStart(6)}${'failed'.padStart(8)}${'dropped'.padStart(10)}  resyncs`;
    const rows = [...this.#rows].sort(([one], [other]) => (one < other ? -1 : 1));
    return [head, ...rows.map(([name, row]) => rowText(name, row))];
  }
}

function rowText(name: string, { runs, failed, dropped, resyncs }: Row): string {
  const reasons = [...resyncs].map(([reason, count]) => `${reason} ${count}`).join(', ');
  const numbers = `${String(runs).padStart(6)}${String(failed).padStart(8)}${String(dropped).padStart(10)}`;
  return `${name.padEnd(26)}${numbers}  ${reasons || '–'}`;
}
