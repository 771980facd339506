import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROOT } from './program.js';

export const SAMPLE = join(ROOT, 'sample/01-invalidation');
export const ASKING_SAMPLE = join(ROOT, 'sample/02-ask-everyone');
export const CACHE_SAMPLE = join(ROOT, 'sample/03-cache-manager');

export function buildSample(folder = SAMPLE): void {
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', folder], { stdio: 'inherit' });
}
