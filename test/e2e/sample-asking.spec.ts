import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Program, ROOT } from './support/program.js';
import { ASKING_SAMPLE, buildSample } from './support/sample.js';

const SLOW_INSTANCE = pathToFileURL(join(ROOT, 'test/e2e/children/slow-instance.mjs')).href;

const programs: Program[] = [];

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const program = new Program(command, args, env);
  programs.push(program);
  return program;
}

function story(args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  return run(process.execPath, [join(ASKING_SAMPLE, 'dist/start.js'), ...args], env);
}

beforeAll(() => buildSample(ASKING_SAMPLE), 60_000);
afterEach(() => Promise.all(programs.splice(0).map((program) => program.stop())));

describe('the story of sample/02-ask-everyone', () => {
  it('ends with 0 when every step came out as it must', async () => {
    const program = run('npm', ['start', '--workspace', 'sample/02-ask-everyone', '--', '--once']);
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/180 reads, 0 of them stale/);
    expect(program.output).toMatch(/no answer from \S+ at 127\.0\.0\.1:\d+\n\n {3}PUT → 202, evicted 1, missing/);
    expect(program.output).toContain('Every step came out as it must.');
  }, 90_000);

  it('has no stale read when an instance is slow, as each write waits for it', async () => {
    const program = story(['--once'], { NODE_OPTIONS: `--import ${SLOW_INSTANCE}` });
    expect(await program.ended).toBe(0);
    expect(program.output).toMatch(/180 reads, 0 of them stale/);
  }, 90_000);

  it('ends with 1 and the reason when a write does not wait for that instance', async () => {
    const program = story(['--once'], { NODE_OPTIONS: `--import ${SLOW_INSTANCE}`, HASTY: '1' });
    expect(await program.ended).toBe(1);
    expect(program.output).toMatch(/Failed: C serves the price \d+ and not \d+/);
  }, 60_000);

  it('refuses what it does not understand, and says what there is', async () => {
    const programs = [story(['--twice']), story(['--help'])];
    expect(await Promise.all(programs.map(({ ended }) => ended))).toEqual([2, 0]);
    for (const { output } of programs) expect(output).toContain('-- --once');
  }, 30_000);

  it('stays up, says what to try, which does what it says, and ends with 0 on Ctrl-C', async () => {
    const program = story([]);
    await program.saying(/Ctrl-C ends everything/, 60_000);
    const shell = async (line = ''): Promise<string> => {
      const command = run('sh', ['-c', line.replace('curl', 'curl --silent --show-error')]);
      expect(await command.ended).toBe(0);
      return command.output;
    };
    const [stats, read, put, again, freeze, goOn, readC, ...rest] =
      program.output.match(/^ {3}(curl|kill) .*$/gm) ?? [];
    expect(rest).toEqual([]);

    expect(await shell(stats)).toMatch(/"A".*"B".*"C".*"silent":\[\]/);
    await shell(read);
    expect(await shell(put)).toMatch(/HTTP\/1\.1 200 OK[^]*"evicted":2,"missing":\[\]/);
    expect(await shell(again)).toContain('"price":99');
    await shell(freeze);
    expect(await shell(stats)).toMatch(/"A".*"B".*"silent":\[\{"id"/);
    expect(await shell(put)).toMatch(/HTTP\/1\.1 202 Accepted[^]*"evicted":1,"missing":\[\{"id"/);
    await shell(goOn);
    expect(await shell(readC)).toContain('"price":99');
    program.signal('SIGINT');
    expect(await program.ended).toBe(0);
  }, 90_000);
});
