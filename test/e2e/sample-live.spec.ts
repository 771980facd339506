import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomPort } from '../support/random-port.js';
import { eventually, Program } from './support/program.js';
import { buildSample, SAMPLE } from './support/sample.js';

const START = join(SAMPLE, 'dist/start.js');
const IS_SHOWN = /status\n(A .*)\n(B .*)\n(C .*)\n/;

beforeAll(() => buildSample(), 60_000);

/** Types a line, and waits until the program has said each of the patterns since then, in whatever order. */
async function command(program: Program, line: string, ...patterns: readonly RegExp[]): Promise<void> {
  const from = program.output.length;
  program.type(`${line}\n`);
  await Promise.all(patterns.map((pattern) => program.saying(pattern, 30_000, from)));
}

/** The rows of the table, each split into its columns: name, port, price, age, peers, dropped, gaps, repairs, … */
async function table(program: Program): Promise<readonly string[][]> {
  const from = program.output.length;
  program.type('t\n');
  const [, ...rows] = await program.saying(IS_SHOWN, 30_000, from);
  return rows.map((row) => row.replace(' STALE', '*').replace(' s ', '  ').split(/\s+/));
}

describe('what goes on after the story, without a terminal', () => {
  let program: Program;
  beforeAll(async () => {
    program = new Program(process.execPath, [START, '--port', String(randomPort())], {}, 'typed');
    await program.saying(/Ctrl-C ends everything/, 60_000);
    await everyoneHolds(226);
  }, 90_000);
  afterAll(() => program.stop());

  async function shows(fits: (rows: readonly string[][]) => boolean): Promise<void> {
    await eventually(() => table(program), fits, 20_000);
  }

  /**
   * Waits until all is well again, for the next test to begin so: all have held the copy for a second. By then the last
   * repair has come, which would evict it once more, and who is cut off after that would read the latest from the store.
   */
  async function everyoneHolds(price: number): Promise<void> {
    await shows((rows) =>
      rows.every(([, , held, age, peers]) => held === String(price) && Number(age) >= 1 && peers === '2'),
    );
  }

  it('repairs what a loss of 20 % has taken', async () => {
    await command(program, 'l', /each instance loses 20 %/);
    await command(program, 'w', /A has written 20 times: 226 became 246/, /[BC]: \d+ lost datagrams? repaired/);
    await command(program, 'l', /nothing is lost any more/);
    await everyoneHolds(246);
    const rows = await table(program);
    const sumOf = (column: number): number => rows.reduce((sum, row) => sum + Number(row[column]), 0);
    const [dropped, gaps, repairs] = [sumOf(5), sumOf(6), sumOf(7)];
    for (const count of [dropped, gaps, repairs]) expect(count).toBeGreaterThan(0);
  }, 60_000);

  it('goes stale while it is cut off for a moment, and not any longer', async () => {
    await command(program, 'p', /C is cut off/);
    await command(program, 'w', /became 266/, /C is STALE: it holds 246/);
    await shows((rows) => rows.map(([, , price]) => price).join(' ') === '266 266 246*');
    await command(program, 'p', /each other again/, /C: (\d+ lost datagrams? repaired|resync)/, /C is fresh again/);
    await everyoneHolds(266);
  }, 60_000);

  it('is told to drop everything when it was cut off until it was alone', async () => {
    await command(program, 'p', /C is cut off/, /C is isolated/);
    await command(program, 'w', /became 286/, /C is STALE: it holds 266/);
    await command(program, 'p', /C: resync (heal|peer-lost)/, /C is fresh again/, /C is ready/);
    await everyoneHolds(286);
  }, 60_000);

  it('kills an instance and starts it anew, and says why it does not', async () => {
    await command(program, 'r', /restart C: not done, C runs/);
    await command(program, 'k', /killing C \(pid \d+\)/, /C ended by SIGKILL/, /A has 1 peer/);
    await command(program, 'k', /kill C: not done, C does not run/);
    expect((await table(program)).at(-1)?.slice(2).join(' ')).toBe('- - - - - - - ended');
    await command(program, 'w', /became 306/);
    await command(program, 'r', /starting C/, /C is up again, as a new node/, /A has 2 peers/);
    await everyoneHolds(306);
  }, 60_000);

  it('lists what it understands when it does not, and ends with 0 on q', async () => {
    await command(program, 'x', /w \(20 writes\), l \(20 % loss\)/);
    program.type('q\n');
    expect(await program.ended).toBe(0);
    // eslint-disable-next-line no-control-regex -- a terminal is drawn on, and a pipe is not
    expect(program.output).not.toMatch(/\u001b/);
  }, 30_000);
});

describe('the instances', () => {
  it('end when the process that started them is killed', async () => {
    const program = new Program(process.execPath, [START, '--port', String(randomPort())]);
    try {
      await program.saying(/Ctrl-C ends everything/, 60_000);
      const urls = [...program.output.matchAll(/^ {3}[ABC] +(http\S+)/gm)].map(([, url = '']) => url);
      expect(urls).toHaveLength(3);
      const [, store = ''] = await program.saying(/STORE_DIR=(\S+)/);
      program.signal('SIGKILL');
      expect(await program.ended).toBe('SIGKILL');
      for (const url of urls) {
        await eventually(
          () => fetch(url).then(String, () => 'gone'),
          (answer) => answer === 'gone',
          15_000,
        );
      }
      await rm(store, { recursive: true });
    } finally {
      await program.stop();
    }
  }, 90_000);
});

const hasScript = String(spawnSync('script', ['--version']).stdout).includes('util-linux');
if (!hasScript) console.warn('SKIPPED: the sample on a terminal. There is no `script` of util-linux');

(hasScript ? describe : describe.skip)('the live table on a terminal', () => {
  let program: Program | undefined;
  afterEach(() => program?.stop());

  /** On a terminal of its own, whose settings are said before and after. */
  async function onTerminal(): Promise<Program> {
    const shell = `stty -g; '${process.execPath}' '${START}' --port ${randomPort()}; echo "ended with $?"; stty -g`;
    program = new Program('script', ['-qec', shell, '/dev/null'], { TERM: 'xterm', SHELL: '/bin/sh' }, 'typed');
    await program.saying(/r\S* restart C/, 60_000);
    return program;
  }

  /** What the settings were, and are now. */
  async function settings(terminal: Program): Promise<readonly (string | undefined)[]> {
    const [, after] = await terminal.saying(/ended with \d+\r\n(\S+)\r\n/);
    return [terminal.output.split('\r\n')[0], after];
  }

  it('takes keys as they are pressed, draws in place, and gives the terminal back on Ctrl-C', async () => {
    const terminal = await onTerminal();
    expect(terminal.output).toContain('\u001b[?25l');
    terminal.type('w');
    await terminal.saying(/A has written 20 times: 226 became 246/);
    await terminal.saying(/\[\d+A\r\S*instance .*\r\nA .* 246 /);
    terminal.type('\u0003');
    await terminal.saying(/\[\?25h.\[\?7h.*ended with 0/s);
    const [before, after] = await settings(terminal);
    expect(after).toBe(before);
  }, 90_000);

  it('gives the terminal back when it is ended from outside, and ends its instances', async () => {
    const terminal = await onTerminal();
    const [, url = '', instance = ''] = /A +(http\S+) +(\d+)/.exec(terminal.output) ?? [];
    const [, parent = ''] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${instance}/status`, 'utf8')) ?? [];
    process.kill(Number(parent), 'SIGTERM');
    await terminal.saying(/\[\?25h.\[\?7h.*ended with 0/s);
    const [before, after] = await settings(terminal);
    expect(after).toBe(before);
    await expect(fetch(url)).rejects.toThrow();
  }, 90_000);
});
