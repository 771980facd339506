// Before the specs of test/e2e: their child processes import `nestjs-mesh` as users do, which is what dist/ holds.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

export default function buildLibrary({ rootDir }) {
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: rootDir, stdio: 'inherit' });
}
