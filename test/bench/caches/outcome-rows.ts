import type { InstanceState } from '../../chaos/support/cache-fleet.js';
import type { CacheOutcome } from '../../chaos/support/cache-scenario.js';
import type { Verdict } from '../../chaos/support/read-judge.js';

const KEYS_OF_GLOB = 10;

export const OUTCOME_HEADS = [
  ...[
    '',
    'stale when quiet, of those held',
    'stale reads, loss only',
    'p50 / p99 / max',
    'stale reads, all',
    'p50 / p99 / max',
  ],
  ...['behind own writes', 'hits', 'reads'],
] as const;

/** Of all rounds: counts of each, and the range of the rest. */
export function outcomeRow(title: string, outcomes: readonly CacheOutcome[]): readonly string[] {
  const of = (phase: 'loss' | 'trouble'): readonly Verdict[] => outcomes.map((outcome) => outcome[phase]);
  return [
    title,
    outcomes.map(({ stale, held }) => `${stale.length} of ${held}`).join(', '),
    range(
      of('loss').map(({ staleShare }) => 100 * staleShare),
      '%',
      2,
    ),
    ages(of('loss')),
    range(
      of('trouble').map(({ staleShare }) => 100 * staleShare),
      '%',
      2,
    ),
    ages(of('trouble')),
    of('trouble')
      .map(({ behindOwn }) => behindOwn.length)
      .join(', '),
    range(
      of('trouble').map(({ hitShare }) => 100 * hitShare),
      '%',
      0,
    ),
    range(
      of('trouble').map(({ reads }) => reads),
      '',
      0,
    ),
  ];
}

export const SHARED_HEADS = [
  '',
  'stale when quiet',
  'keys invalidated',
  'DEL and UNLINK',
  'for each key',
  'keys put',
] as const;

export function sharedRow(title: string, outcomes: readonly CacheOutcome[]): readonly string[] {
  const sum = (of: (outcome: CacheOutcome) => number): number => outcomes.reduce((total, one) => total + of(one), 0);
  const written = (kind: keyof InstanceState['written']): number =>
    sum(({ states }) => states.reduce((total, state) => total + state.written[kind], 0));
  const invalidated = written('del') + written('invalidate') + KEYS_OF_GLOB * written('glob');
  const deleted = sum(({ redisCommands: { del = 0, unlink = 0 } }) => del + unlink);
  return [
    title,
    outcomes.map(({ stale, held }) => `${stale.length} of ${held}`).join(', '),
    ...[String(invalidated), String(deleted), (deleted / invalidated).toFixed(2), String(written('put'))],
  ];
}

function ages(verdicts: readonly Verdict[]): string {
  const stale = verdicts.filter((verdict) => verdict.stale > 0).map(({ staleness }) => staleness);
  if (stale.length === 0) return '–';
  return (['p50', 'p99', 'max'] as const)
    .map((name) =>
      range(
        stale.map((staleness) => staleness[name]),
        '',
        0,
      ),
    )
    .join(' / ')
    .concat(' ms');
}

function range(values: readonly number[], unit: string, digits: number): string {
  const [least, most] = [Math.min(...values).toFixed(digits), Math.max(...values).toFixed(digits)];
  return `${least === most ? least : `${least} to ${most}`} ${unit}`.trim();
}
