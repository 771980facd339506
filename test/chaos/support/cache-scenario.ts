import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from './cache-database.js';
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
  /** While packets were lost and nothing else. */
  readonly loss: Verdict;
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
  /** How often a Redis that is shared was told what, by the name of the command. */
  readonly redisCommands: Readonly<Record<string, number>>;
  /** Of all buses, at the end of the partition. */
  readonly status: readonly string[];
}

const LOSS_PER_MILLE = 100;
const DOOMED = 3;

/** Loss, a partition, a restart, and then the question who is stale. */
export async function troubleCaches(ways: Way | readonly Way[], seed: number, course: Course): Promise<CacheOutcome> {
  const created = monotonicMs();
  const fleet = new CacheFleet(ways, seed);
  try {
    await fleet.start();
    await fleet.fill();
    fleet.lab.lose(LOSS_PER_MILLE);
    const began = monotonicMs();
    await fleet.begin();
    await pause(course.lossy);
    const lossEnded = monotonicMs();
    const status = course.parted > 0 ? await partAndHeal(fleet, course) : [];
    const doomed = course.without > 0 ? [await restart(fleet, course)] : [];
    fleet.lab.heal();
    await fleet.end();
    const tookMs = monotonicMs() - began;
    const quietAfterMs = await fleet.quiet();
    const states = [...(await fleet.states()), ...doomed];
    const loss = fleet.judge.verdict(began, lossEnded);
    const trouble = fleet.judge.verdict(began);
    const redisCommands = fleet.redisCommands();
    const { stale, hits: held } = await fleet.sweep();
    return {
      ...{ loss, trouble, stale, held, quietAfterMs, startedAfterMs: began - created, tookMs, states, status },
      ...{ untold: fleet.book.untold(fleet.dead), dropped: fleet.lab.lost, redisCommands },
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

/** Lines for who reads along. */
export function tellOutcome(title: string, outcome: CacheOutcome): void {
  const { loss, trouble, stale, held, quietAfterMs, startedAfterMs, tookMs, states, untold, dropped } = outcome;
  const sum = (of: (state: InstanceState) => number | undefined): number =>
    states.reduce((total, state) => total + (of(state) ?? 0), 0);
  const kinds = (['del', 'invalidate', 'put', 'glob'] as const)
    .map((kind) => `${sum(({ written }) => written[kind])} ${kind}`)
    .join(', ');
  const lines = [
    `${title}: ${trouble.reads} reads in ${inSeconds(tookMs)}, ${percent(trouble.hitShare)} hits, ${kinds}`,
    `while packets are lost: ${inShort(loss)}`,
    `over all: ${inShort(trouble)}, ${trouble.behindOwn.length} behind own writes`,
    `dropped ${dropped}, peers lost ${sum((s) => s.metrics?.lost)}, resyncs ${sum((s) => s.metrics?.resyncs)}, ` +
      `reconnects ${sum((s) => s.reconnects)}, overtaken ${sum((s) => s.stats?.overtaken)}, ` +
      `${untold} commits died with their writer`,
    `ready after ${inSeconds(startedAfterMs)}, quiet after ${quietAfterMs.toFixed(0)} ms, then ${stale.length} stale of ${held} held`,
  ];
  process.stdout.write(`  ${lines.join('\n    ')}\n`);
}

function inShort({ reads, stale, staleShare, staleness: { p50, p99, max } }: Verdict): string {
  const ages = stale === 0 ? '' : `, p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms`;
  return `${stale} of ${reads} reads stale (${percent(staleShare)})${ages}`;
}

function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
