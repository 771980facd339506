import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './program.js';

export const SAMPLE = join(ROOT, 'sample/01-invalidation');

export function buildSample(): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', SAMPLE], { stdio: 'inherit' });
}
