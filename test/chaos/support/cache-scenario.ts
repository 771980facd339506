import { setTimeout as pause } from 'node:timers/promises';
import { CacheFleet, type InstanceState, type Way } from './cache-fleet.js';
import type { Verdict } from './read-judge.js';

/** How long each part of the trouble takes, in milliseconds; 0: there is none. */
export interface Course {
  /** All hear each other, and 10 % of all packets are lost, as they are all the time. */
  readonly lossy: number;
  /** One, two and two do not hear each other. */
  readonly parted: number;
  readonly healed: number;
  /** One is killed, and another is started in its place behind this. */
  readonly without: number;
  readonly again: number;
}

export interface CacheOutcome {
  /** Over all of the trouble. */
  readonly trouble: Verdict;
  /** What is older than it may be when all is quiet. */
  readonly stale: readonly string[];
  /** How many of the last answers came out of a cache. */
  readonly held: number;
  readonly quietAfterMs: number;
  /** Until the first read, and from then on until the last. */
  readonly startedAfterMs: number;
  readonly tookMs: number;
  /** That of the one that was killed is among them, and is of just before. */
  readonly states: readonly InstanceState[];
  /** What it had committed and not told anybody of. */
  readonly untold: number;
  readonly dropped: number;
  /** Of all buses, at the end of the partition. */
  readonly status: readonly string[];
}

const LOSS_PER_MILLE = 100;
const DOOMED = 3;

/** Loss, a partition, a restart, and then the question who is stale. */
export async function troubleCaches(ways: Way | readonly Way[], seed: number, course: Course): Promise<CacheOutcome> {
  const created = performance.now();
  const fleet = new CacheFleet(ways, seed);
  try {
    await fleet.start();
    fleet.lab.lose(LOSS_PER_MILLE);
    await fleet.begin();
    const began = performance.now();
    await pause(course.lossy);
    const status = course.parted > 0 ? await partAndHeal(fleet, course) : [];
    const doomed = course.without > 0 ? [await restart(fleet, course)] : [];
    fleet.lab.heal();
    await fleet.end();
    const tookMs = performance.now() - began;
    const quietAfterMs = await fleet.quiet();
    const states = await fleet.states();
    const trouble = fleet.judge.verdict();
    const { stale, hits } = await fleet.sweep();
    return {
      ...{ trouble, stale, held: hits, quietAfterMs, states: [...states, ...doomed], startedAfterMs: began - created, tookMs },
      ...{ untold: fleet.book.untold(fleet.dead), dropped: fleet.lab.lost },
      status,
    };
  } finally {
    await fleet.close();
  }
}

async function partAndHeal(fleet: CacheFleet, course: Course): Promise<readonly string[]> {
  fleet.part([[0], [1, 2], [3, 4]]);
  await pause(course.parted);
  const states = await fleet.states();
  fleet.lab.lose(LOSS_PER_MILLE);
  await pause(course.healed);
  return states.flatMap(({ status }) => status ?? []);
}

/** Tells how the one was that is no more. */
async function restart(fleet: CacheFleet, course: Course): Promise<InstanceState> {
  const doomed = (await fleet.states())[DOOMED]!;
  await fleet.kill(DOOMED);
  await pause(course.without);
  await fleet.replace(DOOMED);
  await pause(course.again);
  return doomed;
}

/** A line for who reads along. */
export function tellOutcome(title: string, outcome: CacheOutcome): void {
  const { trouble, stale, held, quietAfterMs, startedAfterMs, tookMs, states, untold, dropped } = outcome;
  const { p50, p99, max } = trouble.staleness;
  const sum = (of: (state: InstanceState) => number | undefined): number =>
    states.reduce((total, state) => total + (of(state) ?? 0), 0);
  const kinds = (['del', 'invalidate', 'put', 'glob'] as const)
    .map((kind) => `${sum(({ written }) => written[kind])} ${kind}`)
    .join(', ');
  process.stdout.write(
    `  ${title}: started after ${startedAfterMs.toFixed(0)} ms, ${tookMs.toFixed(0)} ms of trouble, ${trouble.reads} reads, ${percent(trouble.hitShare)} hits, ${kinds}, dropped ${dropped}; ` +
      `stale ${trouble.stale} (${percent(trouble.staleShare)}), p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(0)}, ` +
      `max ${max.toFixed(0)} ms, ${trouble.behindOwn.length} behind own; overtaken ${sum((s) => s.stats?.overtaken)}, ` +
      `lost ${sum((s) => s.metrics?.lost)}, resyncs ${sum((s) => s.metrics?.resyncs)}, untold ${untold}; ` +
      `quiet after ${quietAfterMs.toFixed(0)} ms: ${stale.length} stale of ${held} held\n`,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
