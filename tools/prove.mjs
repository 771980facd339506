// Plays many seeds of the proof on all cores: `npm run test:sim -- 10000`. Ends with 1 when any promise was broken.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { prove, Proofs } from '../lib/simulation/proof/prove.ts';
import { scenarioNamed } from '../lib/simulation/proof/scenarios/all-scenarios.ts';

const HELP = `npm run test:sim -- [count] [options]

Plays that many seeds (10,000 unless said otherwise), the scenarios in turns, and judges each.

  --from N          the first seed (0)
  --scenario NAME   this scenario only
  --workers N       how many cores to use (all)
  --failures N      stop after so many failures (20)
`;
const REPORT_EVERY_MS = 10_000;

if (isMainThread) await main();
else work(workerData);

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      from: { type: 'string', default: '0' },
      scenario: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      failures: { type: 'string', default: '20' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const count = Number(positionals[0] ?? 10_000);
  const proofs = await playAll({ ...values, count });
  process.stdout.write(`${proofs.lines().join('\n')}\n${proofs.runs} runs, ${proofs.failures.length} failed\n`);
  process.exitCode = proofs.failures.length > 0 || proofs.runs === 0 ? 1 : 0;
}

async function playAll({ count, from, scenario, workers: workerCount, failures }) {
  const proofs = new Proofs();
  const began = performance.now();
  let reportedAt = began;
  const step = Number(workerCount);
  const plays = Array.from({ length: step }, (_, index) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { first: Number(from) + index, end: Number(from) + count, step, scenario },
    });
    worker.on('message', (proved) => {
      if (proofs.failures.length >= Number(failures)) return void worker.terminate();
      proofs.add(proved);
      if (proved.failure !== undefined) process.stdout.write(`${proved.failure}\n\n`);
      if (performance.now() - reportedAt < REPORT_EVERY_MS) return;
      reportedAt = performance.now();
      process.stdout.write(`${proofs.runs} of ${count} runs after ${Math.round((reportedAt - began) / 1000)} s\n`);
    });
    return new Promise((resolve, reject) => {
      worker.once('exit', resolve);
      worker.once('error', reject);
    });
  });
  await Promise.all(plays);
  return proofs;
}

function work({ first, end, step, scenario }) {
  const only = scenario === undefined ? undefined : scenarioNamed(scenario);
  for (let seed = first; seed < end; seed += step) parentPort.postMessage(prove(seed, only));
}
