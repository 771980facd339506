import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { NEVER } from '../../../lib/primitives/instant.js';
import { NodeClock } from '../../../lib/runtime/node-clock.js';

const clock = new NodeClock();

/** Holds the process while an alarm that does not is awaited. */
async function alarm(at: number): Promise<number> {
  const hold = setInterval(() => {}, 1000);
  await new Promise<void>((resolve) => void clock.schedule(at, resolve));
  clearInterval(hold);
  return clock.now();
}

/** How much more than it did the clock counts when the wall clock says so much more than it should. */
function countedWhenAhead(ms: number): number {
  const own = new NodeClock();
  const wall = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(wall);
  const before = own.now() - performance.now();
  jest.spyOn(Date, 'now').mockReturnValue(wall + ms);
  own.now();
  return Math.round((own.now() - performance.now() - before) / 100) * 100;
}

describe('NodeClock', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([
    { aheadMs: 600_000, counted: 600_000 },
    { aheadMs: 900, counted: 0 },
    { aheadMs: -600_000, counted: 0 },
  ])('counts $counted ms of suspension when the wall clock is $aheadMs ms ahead', ({ aheadMs, counted }) => {
    expect(Math.abs(countedWhenAhead(aheadMs))).toBe(counted);
  });

  it('calls back never before the instant, whatever fraction of a millisecond it has', async () => {
    for (let round = 0; round < 50; round++) {
      const at = clock.now() + round / 20;
      expect(await alarm(at)).toBeGreaterThanOrEqual(at);
    }
  });

  it('calls back for an instant that is past', async () => {
    expect(await alarm(clock.now() - 1000)).toBeGreaterThan(0);
  });

  it('does not call back after it was cancelled, before or after it fired', async () => {
    let calls = 0;
    const cancelled = clock.schedule(clock.now() + 1, () => calls++);
    cancelled.cancel();
    const turn = clock.scheduleImmediate(() => calls++);
    turn.cancel();
    const fired = clock.schedule(clock.now() + 1, () => calls++);
    await alarm(clock.now() + 5);
    fired.cancel();
    expect(calls).toBe(1);
  });

  it('takes never, and what is beyond the range of timers, for a long time', async () => {
    let calls = 0;
    const timers = [NEVER, clock.now() + 2 ** 40].map((at) => clock.schedule(at, () => calls++));
    await alarm(clock.now() + 5);
    for (const timer of timers) timer.cancel();
    expect(calls).toBe(0);
  });

  it('calls back at the end of the turn', async () => {
    const order: string[] = [];
    const turn = new Promise<void>((resolve) => {
      clock.scheduleImmediate(() => {
        order.push('turn');
        resolve();
      });
    });
    queueMicrotask(() => order.push('microtask'));
    process.nextTick(() => order.push('tick'));
    await turn;
    expect(order.at(-1)).toBe('turn');
  });

  it('keeps no process alive by a timer', () => {
    const holding = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = holding();
    const timer = clock.schedule(clock.now() + 1000, () => {});
    expect(holding()).toBe(before);
    timer.cancel();
  });
});
