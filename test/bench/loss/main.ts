// What a lossy network does to a publish: this library, the Redis transport of Nest and plain v1 nodes, five processes
// each in network namespaces of their own, whose kernels drop packets at random. `npm run bench:loss -- --help`.
import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { whyNoNetworkNamespaces } from '../../support/netns.js';
import { Arena } from './arena.js';
import { type Contest, CONTESTS, type Pace } from './contests.js';
import { LATENCY_HEADS, latencyRow, table } from './figures.js';

const LOSSES = [0, 0.01, 0.1, 0.3];
const HELP = `npm run bench:loss -- [options]       as root

  --only LIST    of ${Object.keys(CONTESTS).join(', ')} (mesh,redis,v1)
  --rounds N     how often each is measured (3)
`;

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: 'mesh,redis,v1' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    write(HELP);
    return;
  }
  const obstacle = whyNoNetworkNamespaces();
  if (obstacle !== undefined) throw new Error(`this can not be measured here: ${obstacle}`);
  write(
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, ` +
      `load ${loadavg()[0]?.toFixed(1) ?? '?'} before; five processes, ${values.rounds} rounds`,
  );
  for (const name of values.only.split(',')) {
    const contest = CONTESTS[name];
    if (contest === undefined) throw new Error(`there is no "${name}": ${HELP}`);
    if (contest.broker === true && spawnSync('redis-server', ['--version']).status !== 0) {
      write(`\nSKIPPED: ${contest.title}: redis-server is not installed (apt-get install redis-server)`);
      continue;
    }
    await hold(contest, Number(values.rounds));
  }
}

async function hold(contest: Contest, rounds: number): Promise<void> {
  const arenas = LOSSES.map((loss) => new Arena(contest, loss));
  const close = (): Promise<unknown> => Promise.all(arenas.map((arena) => arena.close()));
  const giveUp = (): void => void close().then(() => process.exit(130));
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp);
  try {
    await Promise.all(arenas.map((arena) => arena.start()));
    for (const pace of contest.paces) {
      const rows = await measure(arenas, pace, rounds);
      write(`\n${contest.title}: ${pace.title}\n\n${table(LATENCY_HEADS, rows)}`);
    }
    await Promise.all(arenas.map((arena) => tellOfRecovery(arena, contest.recoveryMs)));
  } finally {
    process.off('SIGINT', giveUp).off('SIGTERM', giveUp);
    await close();
  }
}

/** What is not heard in time may be late, or gone. */
async function tellOfRecovery(arena: Arena, withinMs: number): Promise<void> {
  const { owed, came } = await arena.recover(withinMs);
  if (owed === 0) return;
  const within = `within ${withinMs / 1000} s after the loss had ended`;
  write(`\nOf ${owed} events undelivered at ${arena.loss * 100} % loss ${came} came ${within}.`);
}

async function measure(arenas: readonly Arena[], pace: Pace, rounds: number): Promise<readonly (readonly string[])[]> {
  const rows: (readonly string[])[] = [];
  const measureOne = async (arena: Arena): Promise<readonly string[]> => {
    const figures = await arena.measure(pace, rounds);
    if (arena.loss > 0 && figures.dropped === 0) throw new Error('the kernel dropped nothing: this measured nothing');
    return latencyRow(`${arena.loss * 100} %`, figures);
  };
  if (pace.light === true) return Promise.all(arenas.map(measureOne));
  for (const arena of arenas) rows.push(await measureOne(arena));
  return rows;
}

await main();
