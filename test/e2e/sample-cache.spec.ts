import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomPort } from '../support/random-port.js';
import { Program, ROOT } from './support/program.js';
import { buildSample, CACHE_SAMPLE } from './support/sample.js';

const SABOTAGE = pathToFileURL(join(ROOT, 'test/e2e/children/sabotage.mjs')).href;

/** One for each instance: stories that run side by side must not look for theirs in the same place. */
const PORTS = 3;

const programs: Program[] = [];

function story(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const start = join(CACHE_SAMPLE, 'dist/start.js');
  const program = new Program(process.execPath, [start, '--port', String(randomPort(PORTS)), ...args], env);
  programs.push(program);
  return program;
}

beforeAll(() => buildSample(CACHE_SAMPLE), 60_000);

afterEach(() => Promise.all(programs.splice(0).map((program) => program.stop())));

describe('the story of sample/03-cache-manager', () => {
  it('ends with 0 when every step came out as it must, and tells for how long a crash has left copies stale', async () => {
    const program = story(['--once']);
    expect(await program.ended).toBe(0);
    expect(program.output).toContain('Every step came out as it must.');
    const [, crash = ''] = program.output.split('is killed between its commit and its announcement');
    const rows = [...crash.matchAll(/^ +([AB]) +\d+ +(\d+) +([\d.]+) ms$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(['A', 'B']);
    for (const [, , staleReads, tookMs] of rows) {
      expect(Number(staleReads)).toBeGreaterThan(0);
      expect(Number(tookMs)).toBeGreaterThan(0);
    }
  }, 60_000);

  it('ends with 1 and the reason when an instance goes wrong', async () => {
    const reasons = {
      astray: /Failed: . does not see 2 peers within/,
      deaf: /Failed: C is not told of product:1, price-list by A within/,
      dying: /Failed: instance C ended with code 7/,
    };
    const runs = Object.entries(reasons).map(async ([kind, reason]) => {
      const program = story(['--once'], { NODE_OPTIONS: `--import ${SABOTAGE}`, SABOTAGE: kind });
      expect(await program.ended).toBe(1);
      expect(program.output).toMatch(reason);
      expect(program.output).not.toContain('Every step came out as it must.');
    });
    await Promise.all(runs);
  }, 60_000);

  it('ends with 2 where it does not understand, and says what there is', async () => {
    const program = story(['--twice']);
    expect(await program.ended).toBe(2);
    expect(program.output).toContain('npm start --workspace sample/03-cache-manager -- --once');
  }, 60_000);
});

describe('the spec of sample/03-cache-manager', () => {
  it('passes', async () => {
    const program = new Program('npm', ['test', '--workspace', 'sample/03-cache-manager']);
    programs.push(program);
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/pass 5\b/);
  }, 60_000);
});
