import { describe, expect, it } from '@jest/globals';

import { OpeningBudget } from '../../../lib/security/opening-budget.js';
import { nodeIdOf } from '../../support/secrets.js';

/** Attempts in vain, as many as are allowed; how many that were. */
function fail(budget: OpeningBudget, now: number, source: string, senders: Iterable<number>): number {
  let attempts = 0;
  for (const number of senders) {
    if (!budget.mayTry(now, source, nodeIdOf(number))) continue;
    attempts++;
    budget.failed(now, source, nodeIdOf(number));
  }
  return attempts;
}

function* numbers(from: number, count: number): Generator<number> {
  for (let number = from; number < from + count; number++) yield number;
}

const always = (number: number, count: number): number[] => Array<number>(count).fill(number);

describe('OpeningBudget', () => {
  it('allows 10 failures of one sender at one source, and one more each second', () => {
    const budget = new OpeningBudget();
    expect(fail(budget, 0, '10.0.0.1', always(1, 100))).toBe(10);
    expect(fail(budget, 999, '10.0.0.1', always(1, 100))).toBe(0);
    expect(fail(budget, 1000, '10.0.0.1', always(1, 100))).toBe(1);
    expect(fail(budget, 11_000, '10.0.0.1', always(1, 100))).toBe(10);
    expect(fail(budget, 1e9, '10.0.0.1', always(1, 100))).toBe(10);
  });

  it('allows one source 500 failures in a second, whoever it claims to be', () => {
    const budget = new OpeningBudget();
    expect(fail(budget, 0, '10.0.0.1', numbers(0, 2000))).toBe(500);
    expect(fail(budget, 100, '10.0.0.1', numbers(2000, 2000))).toBe(50);
    expect(fail(budget, 1100, '10.0.0.1', numbers(4000, 2000))).toBe(500);
  });

  it('allows 2000 failures in a second altogether, wherever they come from', () => {
    const budget = new OpeningBudget();
    let attempts = 0;
    for (let host = 0; host < 20_000; host++) attempts += fail(budget, 0, `host ${host}`, [host]);
    expect(attempts).toBe(2000);
    expect(budget.mayTry(0, 'another host', nodeIdOf(1))).toBe(false);
    expect(budget.mayTry(1, 'another host', nodeIdOf(1))).toBe(true);
    expect(fail(budget, 100, 'another host', numbers(0, 1000))).toBe(200);
  });

  it('lets nobody mute a sender at another source, nor another sender at its own', () => {
    const budget = new OpeningBudget();
    fail(budget, 0, '10.0.0.66', always(1, 1000));
    expect(budget.mayTry(0, '10.0.0.66', nodeIdOf(1))).toBe(false);
    expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(1))).toBe(true);
    expect(budget.mayTry(0, '10.0.0.66', nodeIdOf(2))).toBe(true);
    fail(budget, 0, '10.0.0.66', numbers(1000, 1000));
    expect(budget.mayTry(0, '10.0.0.66', nodeIdOf(2))).toBe(false);
    expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(1))).toBe(true);
  });

  it('counts for the one that is named, whoever was asked for last', () => {
    const budget = new OpeningBudget();
    for (let time = 0; time < 10; time++) {
      expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(1))).toBe(true);
      expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(2))).toBe(true);
      expect(budget.mayTry(0, '10.0.0.2', nodeIdOf(1))).toBe(true);
      budget.failed(0, '10.0.0.1', nodeIdOf(1));
    }
    expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(1))).toBe(false);
    expect(budget.mayTry(0, '10.0.0.1', nodeIdOf(2))).toBe(true);
    expect(budget.mayTry(0, '10.0.0.2', nodeIdOf(1))).toBe(true);
  });

  it('takes nothing for an attempt that succeeds', () => {
    const budget = new OpeningBudget();
    const allowed = always(1, 10_000).filter((number) => budget.mayTry(0, '10.0.0.1', nodeIdOf(number)));
    expect([allowed.length, budget.size]).toEqual([10_000, 0]);
  });

  it('takes nothing of the wider bounds for what the narrow one refuses', () => {
    const budget = new OpeningBudget();
    fail(budget, 0, '10.0.0.1', always(1, 10_000));
    expect(fail(budget, 0, '10.0.0.1', numbers(2, 2000))).toBe(490);
    expect(fail(budget, 0, '10.0.0.2', numbers(2, 2000))).toBe(500);
  });

  it('keeps no more of 100,000 identities than of 4096, from one source or from as many', () => {
    const budget = new OpeningBudget();
    for (let number = 0; number < 100_000; number++) fail(budget, number * 10, '10.0.0.1', [number]);
    expect(budget.size).toBeLessThanOrEqual(4096 + 1);
    expect(budget.size).toBeGreaterThan(2048);
    for (let number = 0; number < 100_000; number++) fail(budget, 1e6 + number, `host ${number}`, [number]);
    expect(budget.size).toBeLessThanOrEqual(2 * 4096);
    expect(budget.size).toBeGreaterThan(4096);
  });

  it('remembers those that fail again and again, whoever else does', () => {
    const budget = new OpeningBudget();
    const isMuted = (number: number): boolean => !budget.mayTry(4922, `host ${number}`, nodeIdOf(number));
    for (const number of [1, 2]) fail(budget, 0, `host ${number}`, always(number, 10));
    for (const number of numbers(10, 8192)) {
      const now = number * 0.6;
      if (number % 100 === 10) fail(budget, now, 'host 1', [1]);
      fail(budget, now, `host ${number}`, [number]);
    }
    expect([isMuted(1), isMuted(2)]).toEqual([true, false]);
  });
});
