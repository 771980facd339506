// One run of the simulator: `npm run sim -- --nodes 50 --loss 0.1 --seed 7 --seconds 60`, or `--help`.
import { SCENARIOS } from '../lib/simulation/proof/scenarios/all-scenarios.ts';
import { simulate } from '../lib/simulation/proof/simulate.ts';
import { parseSimulation, SIMULATION_HELP } from '../lib/simulation/proof/simulation-options.ts';

function run(args) {
  const { show, options } = parseSimulation(args);
  if (show === 'help') return { text: SIMULATION_HELP, ok: true };
  if (show === 'list') return { text: [...new Set(SCENARIOS.map(({ name }) => name))].join('\n'), ok: true };
  return simulate(options);
}

function mistake(error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error;
  return { text: `${error.message}\n\n${SIMULATION_HELP}`, ok: false };
}

let result;
try {
  result = run(process.argv.slice(2));
} catch (error) {
  result = mistake(error);
}
process.stdout.write(`${result.text}\n`);
process.exitCode = result.ok ? 0 : 1;
