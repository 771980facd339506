import { load } from './environment.js';
import { judge, type Verdict } from './goals.js';
import type { Bench, Contest, Contestant, Runner, Sample } from './measurement.js';
import { type Summary, summarise } from './statistics.js';

export interface ContestantResult {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly summaries: Readonly<Record<string, Summary>>;
  /** Ours divided by this peer's, of the medians; none for ours. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Over all rounds that count. */
  readonly due: number;
  readonly lost: number;
}

export interface ContestResult {
  readonly kind: 'contest';
  readonly name: string;
  readonly title: string;
  /** Before it began. */
  readonly load: number;
  readonly contestants: readonly ContestantResult[];
  readonly goals: readonly Verdict[];
  /** Who or what was not measured, and why. */
  readonly leftOut: readonly string[];
}

interface Entrant {
  readonly name: string;
  readonly runner: Runner;
  readonly samples: Sample[];
}

/** Measures all contestants in turn, A B A B, so that what else the machine does meets all of them. */
export async function hold(contest: Contest, bench: Bench, rounds: number): Promise<ContestResult> {
  const { name, title, figures, goals } = contest;
  const loadBefore = load();
  const leftOut: string[] = [];
  const contestants = contest.leftOut === undefined ? present(contest, bench, leftOut) : [];
  if (contest.leftOut !== undefined) leftOut.push(contest.leftOut);
  const entrants: Entrant[] = [];
  try {
    for (const one of contestants) entrants.push({ name: one.name, runner: await one.open(bench), samples: [] });
    for (let round = 0; round < contest.warmUps; round++) for (const { runner } of entrants) await runner.measure();
    for (let round = 0; round < rounds; round++) {
      for (const { runner, samples } of entrants) samples.push(await runner.measure());
    }
  } finally {
    await Promise.all(entrants.map(({ runner }) => runner.close()));
  }
  const results = resultsOf(
    entrants,
    figures.map((figure) => figure.name),
  );
  return {
    ...{ kind: 'contest', name, title, load: loadBefore, leftOut },
    contestants: results,
    goals: goals.map((goal) => judge(goal, results)),
  };
}

function present(contest: Contest, { servers }: Bench, leftOut: string[]): readonly Contestant[] {
  return contest.contestants.filter(({ name, needs }) => {
    if (needs === undefined || servers.version(needs) !== undefined) return true;
    leftOut.push(`${name}: ${needs}-server is not installed (apt-get install ${needs}-server)`);
    return false;
  });
}

function resultsOf(entrants: readonly Entrant[], figures: readonly string[]): readonly ContestantResult[] {
  const summaries = entrants.map(({ samples }) =>
    Object.fromEntries(
      figures.map((figure) => [figure, summarise(samples.map((sample) => sample.figures[figure] ?? Number.NaN))]),
    ),
  );
  const ratio = (figure: string, index: number): number =>
    (summaries[0]?.[figure]?.median ?? Number.NaN) / (summaries[index]?.[figure]?.median ?? Number.NaN);
  return entrants.map(({ name, samples }, index) => ({
    ...{ name, samples, summaries: summaries[index] ?? {} },
    ratios: index === 0 ? {} : Object.fromEntries(figures.map((figure) => [figure, ratio(figure, index)])),
    due: samples.reduce((sum, { due }) => sum + due, 0),
    lost: samples.reduce((sum, { lost }) => sum + lost, 0),
  }));
}
