import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page, Response } from 'playwright-core';
import { randomPort } from '../support/random-port.js';
import { findChromium, launchChromium } from './support/chromium.js';
import { eventually, Program } from './support/program.js';
import { buildSample, CACHE_SAMPLE } from './support/sample.js';

const NAMES = ['A', 'B', 'C'] as const;
const PRODUCTS = 20;
/** No entry goes by its age: what a crash leaves stale stays so for as long as somebody looks. */
const TTL_MS = 600_000;
const DEADLINE_MS = 20_000;

/** Of the table, from left to right. */
const FIELDS = [
  ...['name', 'pid', 'status', 'peers', 'hits', 'misses', 'rate', 'invalidated', 'swept', 'cleared', 'overtaken'],
  ...['resyncs', 'staleReads', 'lastStaleMs', 'longestStaleMs'],
];

type Row = Readonly<Record<string, string>>;

const executable = findChromium();
if (executable === undefined) {
  console.warn(
    'SKIPPED: the page of sample/03-cache-manager. There is no `chromium` command to show it in: apt-get install chromium',
  );
}

(executable === undefined ? describe.skip : describe)('the page of sample/03-cache-manager', () => {
  const requested: string[] = [];
  const mistakes: string[] = [];
  let program: Program;
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    buildSample(CACHE_SAMPLE);
    const start = join(CACHE_SAMPLE, 'dist/start.js');
    program = new Program(process.execPath, [start, '--port', String(randomPort())], { CACHE_TTL: String(TTL_MS) });
    const [, url = ''] = await program.saying(/what their caches do: (http\S+)/, 60_000);
    browser = await launchChromium(executable!);
    page = await browser.newPage();
    page.on('request', (request) => requested.push(request.url()));
    page.on('pageerror', (error) => mistakes.push(error.message));
    await page.goto(url);
    await shows((rows) => NAMES.every((name) => rows[name]?.status === 'ready' && rows[name].peers === '2'));
  }, 120_000);
  afterAll(async () => {
    await program.stop();
    await browser?.close();
  });

  /** What stands in the table, by instance and field. */
  async function table(): Promise<Readonly<Record<string, Row>>> {
    const table: Record<string, Row> = {};
    for (const row of await page.locator('tr[data-instance]').all()) {
      const fields: Record<string, string> = {};
      const cells = row.locator('[data-field]');
      const texts = await cells.allTextContents();
      FIELDS.forEach((field, index) => (fields[field] = texts[index] ?? ''));
      table[(await row.getAttribute('data-instance')) ?? ''] = fields;
    }
    return table;
  }

  function shows(fits: (rows: Readonly<Record<string, Row>>) => boolean): Promise<unknown> {
    return eventually(table, fits, DEADLINE_MS);
  }

  async function press(button: string): Promise<void> {
    await page.getByRole('button', { name: button, exact: true }).click();
  }

  /** Presses, and waits until the page says that it was done. Returns who has done it. */
  async function command(button: string, says: RegExp): Promise<string> {
    const isAnswer = (response: Response): boolean => response.request().method() === 'POST';
    const [response] = await Promise.all([page.waitForResponse(isAnswer, { timeout: DEADLINE_MS }), press(button)]);
    const { said } = (await response.json()) as { readonly said: string };
    expect(said).toMatch(says);
    await page.getByRole('log').getByText(said).first().waitFor({ timeout: DEADLINE_MS });
    return said.charAt(0);
  }

  /** Whether a counter has risen by so much, at least, since `before`, on each of the instances. */
  function haveRisen(
    before: Readonly<Record<string, Row>>,
    field: string,
    by: number,
    names: readonly string[] = NAMES,
  ): (rows: Readonly<Record<string, Row>>) => boolean {
    return (rows) => names.every((name) => Number(rows[name]?.[field]) >= Number(before[name]?.[field]) + by);
  }

  it('shows three instances, each with its counters, and how they go on', async () => {
    const before = await table();
    expect(Object.keys(before)).toEqual([...NAMES]);
    for (const row of Object.values(before)) {
      for (const field of ['hits', 'misses', 'invalidated', 'swept', 'cleared', 'overtaken', 'resyncs', 'staleReads']) {
        expect(row[field]).toMatch(/^\d+$/);
      }
      expect(row.longestStaleMs).toMatch(/^\d+$/);
    }
    await shows(haveRisen(before, 'hits', 5));
    for (const title of ['hits', 'misses', 'invalidated', 'swept', 'stale reads', 'worst, ms', 'peers']) {
      expect(await page.getByRole('columnheader', { name: title, exact: true }).count()).toBe(1);
    }
  }, 60_000);

  it('shows that what one writes is invalidated on the others, and missed there afterwards', async () => {
    const before = await table();
    const writer = await command('Write one product', /. has written product \d+: \d+ became \d+/);
    const others = NAMES.filter((name) => name !== writer);
    expect(others).toHaveLength(2);
    await shows(haveRisen(before, 'invalidated', 2, others));
    await shows(haveRisen(before, 'misses', 1, others));
  }, 60_000);

  it('shows that a transaction is told of as a whole', async () => {
    const before = await table();
    await command('Swap two prices in a transaction', /. has swapped the prices of products \d+ and \d+/);
    await shows(haveRisen(before, 'invalidated', 3));
  }, 60_000);

  it('shows that a tag, or one that empties its cache, makes everybody load anew', async () => {
    const before = await table();
    await command('Raise all prices', /. has raised all prices in a transaction/);
    await shows(haveRisen(before, 'misses', 5));
    await command('Invalidate all', /. has emptied the caches of all/);
    await shows(haveRisen(before, 'cleared', 1));
  }, 60_000);

  it('shows how stale the others are when one dies between its commit and its announcement, and that it is gone', async () => {
    const before = await table();
    await fillCaches();
    await command('Crash C', /C has written product \d+, committed, and died before it told anybody/);
    await shows((rows) => rows.C?.status === 'gone');
    await shows(haveRisen(before, 'staleReads', 1, ['A', 'B']));
    await shows((rows) => [rows.A?.peers, rows.B?.peers].join() === '1,1');
    await shows((rows) => Number(rows.A?.longestStaleMs) > 1000 && Number(rows.B?.longestStaleMs) > 1000);
  }, 60_000);

  it('starts it anew, and shows that it is there', async () => {
    await command('Restart C', /C is started anew/);
    await shows((rows) => NAMES.every((name) => rows[name]?.status === 'ready' && rows[name].peers === '2'));
    expect(await page.getByRole('button', { name: 'Restart C' }).isDisabled()).toBe(true);
  }, 60_000);

  it('needs no other host, and makes no mistake', () => {
    expect(requested.length).toBeGreaterThan(NAMES.length);
    expect(requested.filter((url) => new URL(url).hostname !== '127.0.0.1' && !url.startsWith('data:'))).toEqual([]);
    expect(mistakes).toEqual([]);
  });

  /** All of all, so that whatever is written next is stale somewhere if nobody tells of it. */
  async function fillCaches(): Promise<void> {
    const streams = new Set(requested.filter((url) => url.endsWith('/events')));
    expect(streams.size).toBe(NAMES.length);
    const ids = Array.from({ length: PRODUCTS }, (_, index) => index + 1);
    await Promise.all([...streams].flatMap((url) => ids.map((id) => fetch(url.replace('/events', `/products/${id}`)))));
  }
});
