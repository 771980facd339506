// Who is stale, and for how long, while the network loses, is cut, and an instance starts anew: five Nest applications with
// real caches, which the mesh keeps alike, or Redis, or nothing. `npm run bench:caches -- --help`.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { tellOutcome, troubleCaches, type CacheOutcome } from '../../chaos/support/cache-scenario.js';
import { whyNoNetworkNamespaces } from '../../support/netns.js';
import { table } from '../loss/figures.js';
import { CONTESTANTS, type CacheContestant } from './contestants.js';
import { OUTCOME_HEADS, outcomeRow, sharedRow, SHARED_HEADS } from './outcome-rows.js';

const HELP = `npm run bench:caches -- [options]

  --only NAMES   of ${Object.keys(CONTESTANTS).join(', ')} (all)
  --rounds N     how often each has its turn (3)
  --seed N       of the first round
`;

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(CONTESTANTS).join(',') },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    write(HELP);
    return;
  }
  const obstacle = whyNoNetworkNamespaces();
  if (obstacle !== undefined) throw new Error(`this can not be measured here: ${obstacle}`);
  const redis = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  const contestants = values.only.split(',').map(contestant);
  const taken = contestants.filter(({ needsRedis }) => !needsRedis || redis.status === 0);
  if (taken.length < contestants.length) write('LEFT OUT: what needs redis-server (apt-get install redis-server)');
  write(
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, ` +
      `load ${loadavg()[0]?.toFixed(1) ?? '?'} before; ${redis.stdout.trim()}; ${values.rounds} rounds from seed ${values.seed}`,
  );
  report(taken, await hold(taken, Number(values.rounds), Number(values.seed)));
}

function contestant(name: string): CacheContestant {
  const found = CONTESTANTS[name];
  if (found === undefined) throw new Error(`there is no "${name}"\n\n${HELP}`);
  return found;
}

/** All in turn, round by round, each round with a seed of its own. */
async function hold(
  contestants: readonly CacheContestant[],
  rounds: number,
  seed: number,
): Promise<ReadonlyMap<CacheContestant, readonly CacheOutcome[]>> {
  const outcomes = new Map<CacheContestant, CacheOutcome[]>(contestants.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of contestants) {
      const outcome = await troubleCaches(one.way, seed + round, one.course);
      tellOutcome(`${one.title}, seed ${seed + round}`, outcome);
      for (const line of outcome.stale.slice(0, 3)) write(`    ${line}`);
      outcomes.get(one)!.push(outcome);
    }
  }
  return outcomes;
}

function report(
  contestants: readonly CacheContestant[],
  outcomes: ReadonlyMap<CacheContestant, readonly CacheOutcome[]>,
): void {
  const rowsOf = (of: (one: CacheContestant) => readonly string[]): readonly (readonly string[])[] =>
    contestants.filter(({ isCalm }) => !isCalm).map(of);
  const rows = rowsOf((one) => outcomeRow(one.title, outcomes.get(one)!));
  if (rows.length > 0) write(`\n${table(OUTCOME_HEADS, rows)}`);
  const shared = contestants.filter(({ isCalm }) => isCalm).map((one) => sharedRow(one.title, outcomes.get(one)!));
  if (shared.length > 0) write(`\n${table(SHARED_HEADS, shared)}`);
}

await main();
