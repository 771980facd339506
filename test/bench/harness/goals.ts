import type { ContestantResult } from './contest.js';
import type { Goal } from './measurement.js';

export interface Verdict extends Goal {
  /** The figure, or the ratio; `undefined` when the peer was not measured. */
  readonly value: number | undefined;
  readonly verdict: 'met' | 'not met' | 'not measured';
}

/** Holds a goal against what was measured. What lost something has met nothing. */
export function judge(goal: Goal, results: readonly ContestantResult[]): Verdict {
  const [ours] = results;
  const value =
    goal.against === undefined
      ? ours?.summaries[goal.figure]?.median
      : results.find(({ name }) => name === goal.against)?.ratios[goal.figure];
  if (ours === undefined || value === undefined || Number.isNaN(value)) {
    return { ...goal, value: undefined, verdict: 'not measured' };
  }
  const isIn = value >= (goal.atLeast ?? -Infinity) && value <= (goal.atMost ?? Infinity);
  return { ...goal, value, verdict: isIn && ours.lost === 0 ? 'met' : 'not met' };
}

export function describeGoal(goal: Verdict): string {
  const bound = goal.atLeast === undefined ? `≤ ${goal.atMost ?? '?'}` : `≥ ${goal.atLeast.toLocaleString('en')}`;
  const of = goal.against === undefined ? '' : ` × ${goal.against}`;
  const seen = goal.value === undefined ? '' : ` (${goal.value.toLocaleString('en', { maximumSignificantDigits: 3 })})`;
  return `${goal.figure} ${bound}${of}: ${goal.verdict}${seen}`;
}
