// What this library does beside the transports that one would pick instead. `npm run bench -- --help`.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hold } from './harness/contest.js';
import { describeEnvironment, environment } from './harness/environment.js';
import type { Bench, Measurement } from './harness/measurement.js';
import { contestReport, surveyReport } from './harness/report.js';
import { Servers } from './harness/servers.js';
import { MEASUREMENTS } from './measurements/all-measurements.js';

const HELP = `npm run bench -- [options] [NAME…]

  NAME          of ${MEASUREMENTS.map(({ name }) => name).join(', ')} (all)
  --rounds N    how often each contestant has its turn (5)
  --json FILE   writes everything there, too
  --scale X     multiplies how much is sent, for a quick look (1)
  --profile DIR writes CPU profiles of all senders and receivers there, which slows them down
`;

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** `sealed` means `sealed-latency` too. */
function isMeant(given: string, { name }: Measurement): boolean {
  return name === given || name.startsWith(`${given}-`);
}

function parse():
  { readonly names: readonly string[]; readonly rounds: number; scale: number; json?: string } | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      scale: { type: 'string', default: '1' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  const unknown = positionals.find((name) => !MEASUREMENTS.some((one) => isMeant(name, one)));
  if (unknown !== undefined) throw new Error(`there is no measurement "${unknown}"\n\n${HELP}`);
  const [rounds, scale] = [Number(values.rounds), Number(values.scale)];
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}\n\n${HELP}`);
  if (!(scale > 0)) throw new Error(`--scale is ${values.scale}\n\n${HELP}`);
  // The processes that it starts inherit it.
  if (values.profile !== undefined) process.env.BENCH_PROFILE = values.profile;
  return { names: positionals, rounds, scale, ...(values.json !== undefined && { json: values.json }) };
}

async function main(): Promise<void> {
  const options = parse();
  if (typeof options === 'string') {
    write(options);
    return;
  }
  const { names, rounds, scale, json } = options;
  const servers = new Servers();
  const giveUp = (): void => process.exit(130);
  process.once('SIGINT', giveUp).once('SIGTERM', giveUp);
  process.once('exit', () => servers.kill());
  const where = environment(servers);
  write(`${describeEnvironment(where)}\n${rounds} rounds: median (least to most)`);
  const results: unknown[] = [];
  try {
    for (const measurement of MEASUREMENTS) {
      if (names.length > 0 && !names.some((name) => isMeant(name, measurement))) continue;
      const result = await run(measurement, { scale, servers }, rounds).catch((error: unknown) =>
        tellOfFailure(measurement, error),
      );
      results.push(result);
    }
  } finally {
    await servers.close();
  }
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ environment: where, rounds, scale, results }, null, 2)}\n`);
}

async function run(measurement: Measurement, bench: Bench, rounds: number): Promise<unknown> {
  const { name, title } = measurement;
  if (measurement.kind === 'survey') {
    const result = await measurement.take(bench);
    write(surveyReport(measurement, result));
    return { kind: 'survey', name, title, ...result };
  }
  const result = await hold(measurement, bench, rounds);
  write(contestReport(measurement, result));
  return result;
}

/** What broke down is told of, and the others are measured all the same. */
function tellOfFailure({ name, title }: Measurement, error: unknown): unknown {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  write(`\n## ${name}: ${title}\n\nFAILED: ${text}`);
  process.exitCode = 1;
  return { kind: 'failed', name, title, error: text };
}

await main();
