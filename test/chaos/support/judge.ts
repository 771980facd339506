import type { MeshMetrics } from 'nestjs-mesh/bus';
import type { Ledger, Write } from './ledger.js';

/** A node was told to let go of what a resync covers. */
export interface Resync {
  readonly reason: string;
  readonly all: boolean;
  /** The keys that it covers. */
  readonly covered: readonly string[];
  /** How much had been written by then: what came later it does not excuse. */
  readonly writes: number;
}

/** What is known of a node. */
export interface NodeReport {
  readonly id: string;
  /** It owes nothing for what was written before: the number of writes then. */
  readonly since: number;
  readonly cache: Readonly<Record<string, number>>;
  /** How often it heard what, by origin and name. */
  readonly heard: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Events that came to its handlers more than once, and those that came with what is not theirs. */
  readonly doubled: number;
  readonly mangled: number;
  readonly resyncs: readonly Resync[];
  readonly warnings: readonly string[];
  readonly metrics: MeshMetrics;
}

type Counts = Map<string, Map<string, number>>;

/**
 * What is wrong with the nodes that live, in words; empty when all is well and nothing is still to come.
 *
 * A write of a node that has died counts if one of them heard of it: what reached nobody can be known to nobody. For
 * that, a node that is to die tells each name once.
 */
export function faultsOf(ledger: Ledger, reports: readonly NodeReport[]): readonly string[] {
  const due = ledger.writes.filter((write) => isDue(write, reports));
  const newest = new Map<string, number>();
  for (const { versions } of due) for (const [key, version] of versions) newest.set(key, version);
  return reports.flatMap((report) => [
    ...(report.doubled > 0 ? [`${report.id} heard ${report.doubled} events again`] : []),
    ...(report.mangled > 0 ? [`${report.id} heard ${report.mangled} events with the data of others`] : []),
    ...cacheFaults(report, ledger.keys, newest),
    ...deliveryFaults(report, ledger.writes, new Set(due)),
  ]);
}

function isDue(write: Write, reports: readonly NodeReport[]): boolean {
  const alive = reports.some(({ id }) => id === write.origin);
  return alive || reports.some(({ heard }) => (heard[write.origin]?.[write.name] ?? 0) > 0);
}

function cacheFaults(report: NodeReport, keys: readonly string[], newest: ReadonlyMap<string, number>): string[] {
  return keys.flatMap((key) => {
    const held = report.cache[key];
    if (held === undefined) return [`${report.id} has not filled ${key}`];
    const due = newest.get(key) ?? 1;
    return held >= due ? [] : [`${report.id} holds ${key} of version ${held}, stale since ${due}`];
  });
}

/** Each event of others exactly once, or a resync that covers it. */
function deliveryFaults(report: NodeReport, writes: readonly Write[], due: ReadonlySet<Write>): string[] {
  const told = countsOf(writes);
  const owed = countsOf(writes.filter((write, at) => due.has(write) && at >= excusedBefore(report, write.name)));
  const faults: string[] = [];
  for (const [origin, names] of told) {
    if (origin === report.id) continue;
    for (const [name, count] of names) {
      const heard = report.heard[origin]?.[name] ?? 0;
      const least = owed.get(origin)?.get(name) ?? 0;
      if (heard < least || heard > count) faults.push(`${report.id} heard ${heard} of ${count} ${name} of ${origin}`);
    }
  }
  return faults;
}

/** From which write on it must have heard all of that name. A pattern is covered by what covers everything only. */
function excusedBefore({ since, resyncs }: NodeReport, name: string): number {
  const covering = resyncs.filter(({ all, covered }) => all || covered.includes(name));
  return Math.max(since, ...covering.map(({ writes }) => writes));
}

function countsOf(writes: readonly Write[]): Counts {
  const counts: Counts = new Map();
  for (const { origin, name } of writes) {
    const names = counts.get(origin) ?? new Map<string, number>();
    counts.set(origin, names.set(name, (names.get(name) ?? 0) + 1));
  }
  return counts;
}
