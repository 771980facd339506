import { describe, expect, it } from '@jest/globals';

import { NEVER } from '../../../lib/primitives/instant.js';
import { ASK_COUNT, GapList, REPAIR_LIMIT_MS } from '../../../lib/reliability/gap-list.js';
import type { Range } from '../../../lib/reliability/receive-window.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

type Missing = (range: Range, limit: number) => readonly Range[];

/** Nothing of it has come. */
const ALL: Missing = ({ from, to }) => [{ from, to }];

/** All but these have come. */
function only(...sequences: readonly number[]): Missing {
  return ({ from, to }, limit) =>
    sequences
      .filter((each) => each >= from && each <= to)
      .map((each) => ({ from: each, to: each }))
      .slice(0, limit);
}

function listOf(...ranges: readonly (readonly [number, number])[]): GapList {
  const gaps = new GapList();
  for (const [from, to] of ranges) gaps.add(0, { from, to }, 10);
  return gaps;
}

/** A question in short. */
function ask(gaps: GapList, now: number, missing = ALL): string | undefined {
  const due = gaps.due(now, new SeededRandom(now + 1), missing);
  return due && `${due.ranges.map(({ from, to }) => `${from}-${to}`).join(' ')} (${due.tries})`;
}

function countOf(text: string | undefined): number {
  const ranges = [...(text ?? '').matchAll(/(\d+)-(\d+)/g)];
  return ranges.reduce((sum, [, from, to]) => sum + Number(to) - Number(from) + 1, 0);
}

describe('GapList', () => {
  it('asks for nothing before it is time, and never without a gap', () => {
    const gaps = listOf([3, 5]);
    expect([gaps.deadline(), ask(gaps, 9.9), ask(gaps, 10)]).toEqual([10, undefined, '3-5 (0)']);
    const none = new GapList();
    expect([none.deadline(), none.size, none.isOverdue(1e9), ask(none, 1e9)]).toEqual([NEVER, 0, false, undefined]);
  });

  it('asks again after the back-off grows, from 25 by 1.6 to 250 ms, a fifth more or less', () => {
    const gaps = listOf([3, 5]);
    const pauses: number[] = [];
    for (let [tries, now] = [0, 10]; tries < 8; tries++) {
      expect(ask(gaps, now)).toBe(`3-5 (${tries})`);
      expect(ask(gaps, now)).toBeUndefined();
      pauses.push(gaps.deadline() - now);
      now = gaps.deadline();
    }
    const expected = [25, 40, 64, 102.4, 163.84, 250, 250, 250];
    const shares = pauses.map((pause, index) => pause / expected[index]!);
    expect(shares.every((share) => share >= 0.8 && share <= 1.2)).toBe(true);
    expect(new Set(shares).size).toBe(8);
  });

  it('has a timer for each gap', () => {
    const gaps = listOf([3, 5]);
    ask(gaps, 10);
    gaps.add(12, { from: 8, to: 8 }, 50);
    expect([ask(gaps, 40), ask(gaps, 49), ask(gaps, 50), ask(gaps, 69)]).toEqual([
      '3-5 (1)',
      undefined,
      '8-8 (0)',
      undefined,
    ]);
  });

  it('puts into one question what is due together, as often asked as the one asked most', () => {
    const gaps = listOf([3, 3]);
    ask(gaps, 10);
    gaps.add(12, { from: 7, to: 9 }, 20);
    expect(ask(gaps, 60)).toBe('3-3 7-9 (1)');
  });

  it('asks for 32 at a time, and for the rest after 5 ms', () => {
    const gaps = listOf([1, 70]);
    expect([ask(gaps, 10), gaps.deadline(), ask(gaps, 14.9)]).toEqual([`1-${ASK_COUNT} (0)`, 15, undefined]);
    expect([ask(gaps, 15), ask(gaps, 20)]).toEqual(['33-64 (0)', '65-70 (0)']);
    // From here on they are three, each with its time.
    expect(gaps.size).toBe(3);
    expect(ask(gaps, 21)).toBeUndefined();
  });

  it('fills a question up with the next gap, in part', () => {
    const gaps = listOf([1, 30], [40, 50]);
    expect([ask(gaps, 10), ask(gaps, 15)]).toEqual(['1-30 40-41 (0)', '42-50 (0)']);
  });

  it('leaves nothing out where a question is full at the end of a range', () => {
    const missing: Missing = ({ from, to }) =>
      [
        { from: 1, to: ASK_COUNT },
        { from: 40, to: 45 },
      ].filter((range) => range.from >= from && range.to <= to);
    const gaps = listOf([1, 45]);
    expect([ask(gaps, 10, missing), ask(gaps, 15, missing)]).toEqual(['1-32 (0)', '40-45 (0)']);
  });

  it('asks for no more than is missing still', () => {
    const gaps = listOf([1, 100]);
    expect(ask(gaps, 10, only(5, 50))).toBe('5-5 50-50 (0)');
    expect(ask(gaps, 20, only(5, 50))).toBeUndefined();
    expect(ask(listOf([1, 100]), 10, only())).toBeUndefined();
  });

  it.each([32, 33, 64, 65, 200])('asks for all of %s single ones, each once before any twice', (count) => {
    const missing = Array.from({ length: count }, (_, index) => 3 * index + 1);
    const gaps = listOf([1, 3 * count]);
    const asked: string[] = [];
    for (let now = 10; now < 10 + 5 * Math.ceil(count / ASK_COUNT) && now < 30; now += 5) {
      const question = ask(gaps, now, only(...missing));
      expect(countOf(question)).toBeLessThanOrEqual(ASK_COUNT);
      asked.push(...(question ?? '').split(' ').slice(0, -1));
    }
    const first = missing.slice(0, 4 * ASK_COUNT).map((sequence) => `${sequence}-${sequence}`);
    expect(asked).toEqual(first);
  });

  it('forgets gaps that have been filled, and keeps those that are in part', () => {
    const gaps = listOf([1, 2], [5, 9]);
    gaps.dropFilled(only(9));
    expect([gaps.size, ask(gaps, 10, only(9))]).toEqual([1, '9-9 (0)']);
    gaps.clear();
    expect([gaps.size, gaps.deadline()]).toEqual([0, NEVER]);
  });

  it('is overdue 3 s after a gap was seen, and wants to be looked at then', () => {
    const gaps = new GapList();
    gaps.add(100, { from: 1, to: 1 }, 1e9);
    expect(gaps.deadline()).toBe(100 + REPAIR_LIMIT_MS);
    expect([gaps.isOverdue(3099), gaps.isOverdue(3100)]).toEqual([false, true]);
    gaps.forgive(500);
    expect([gaps.isOverdue(3599), gaps.isOverdue(3600), gaps.deadline()]).toEqual([false, true, 3600]);
  });

  it('keeps the age of a gap when a part of it is asked for', () => {
    const gaps = listOf([1, 70]);
    for (const now of [10, 15, 20]) ask(gaps, now);
    gaps.dropFilled(only(70));
    expect([gaps.size, gaps.isOverdue(2999), gaps.isOverdue(3000)]).toEqual([1, false, true]);
  });

  it('begins anew at once when whom to ask has changed, and does not forget how often it has asked', () => {
    const gaps = listOf([1, 2], [4, 4]);
    ask(gaps, 10);
    gaps.restart(2900);
    expect([gaps.isOverdue(5899), gaps.deadline()]).toEqual([false, 2900]);
    expect(ask(gaps, 2900)).toBe('1-2 4-4 (1)');
  });
});
