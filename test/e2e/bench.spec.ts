import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContestResult } from '../bench/harness/contest.js';
import { Program } from './support/program.js';

const SCRIPT = ['--import', './tools/typescript.mjs', 'test/bench/main.ts'];
const NAMES = ['throughput', 'bus', 'match', 'codec'];
const ENTRANTS = new Map([
  ['throughput', 5],
  ['bus', 2],
  ['match', 2],
  ['codec', 1],
]);

interface Report {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly rounds: number;
  readonly results: readonly ContestResult[];
}

/** No times are looked at: how fast it is depends on who else runs. */
describe('npm run bench', () => {
  let folder: string;
  let program: Program;
  let output: string;
  let report: Report;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-bench-'));
    const file = join(folder, 'bench.json');
    const options = ['--rounds', '1', '--scale', '0.01', '--json', file];
    program = new Program(process.execPath, [...SCRIPT, ...NAMES, ...options]);
    const ended = await program.ended;
    output = program.output;
    if (ended !== 0) throw new Error(`the bench ended with ${ended}:\n${output}`);
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  }, 120_000);
  afterAll(async () => {
    await program.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('says what it ran on', () => {
    expect(report.environment).toMatchObject({ node: process.version, cpuCount: expect.any(Number) });
    expect(output).toContain(`Node ${process.version}`);
  });

  it('measures what is named, and nothing else', () => {
    expect(report.results.map(({ name }) => name)).toEqual(NAMES);
  });

  it.each(NAMES)('has all contestants of %s, or names who is missing', (name) => {
    const { contestants, leftOut } = resultOf(name);
    expect(contestants.length + leftOut.length).toBe(ENTRANTS.get(name));
    for (const reason of leftOut) expect(output).toContain(`LEFT OUT: ${reason}`);
  });

  it.each(NAMES)('loses nothing in %s, and measures something', (name) => {
    for (const { samples, summaries, lost } of resultOf(name).contestants) {
      expect(samples).toHaveLength(1);
      expect(lost).toBe(0);
      for (const { median } of Object.values(summaries)) expect(median).toBeGreaterThan(0);
    }
  });

  it.each(NAMES)('holds %s against its goals', (name) => {
    const verdicts = resultOf(name).goals.map(({ verdict }) => verdict);
    expect(verdicts.length).toBeGreaterThan(0);
    for (const verdict of verdicts) expect(['met', 'not met', 'not measured']).toContain(verdict);
  });

  function resultOf(name: string): ContestResult {
    const result = report.results.find((one) => one.name === name);
    if (result === undefined) throw new Error(`${name} was not measured`);
    return result;
  }
});
