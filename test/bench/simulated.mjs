// The simulated tables of docs/reliability.md: `npm run bench:reliability`.
import { reliabilityTables } from '../../lib/simulation/proof/tables.ts';

for (const table of reliabilityTables()) process.stdout.write(`${table}\n\n`);
