import { beforeEach, describe, expect, it } from '@jest/globals';
import { NEVER } from '../../../lib/primitives/instant.js';
import { WakeUp } from '../../../lib/runtime/wake-up.js';
import { FakeClock } from '../../support/fake-clock.js';

let clock: FakeClock;
let wakes: number[];
let wakeUp: WakeUp;
beforeEach(() => {
  clock = new FakeClock();
  wakes = [];
  wakeUp = new WakeUp(clock, () => wakes.push(clock.now()));
});

function wakeIn(ms: number): void {
  wakeUp.set(clock.now() + ms, clock.now());
}

describe('WakeUp', () => {
  it('wakes at the deadline and not before', async () => {
    wakeIn(30);
    await clock.advance(29);
    expect(wakes).toEqual([]);
    await clock.advance(1);
    expect(wakes).toEqual([1030]);
  });

  it('wakes at the end of the turn when the deadline is now', () => {
    wakeIn(0);
    expect(wakes).toEqual([]);
    clock.endTurn();
    expect(wakes).toEqual([1000]);
  });

  it('sets no timer for a deadline that is never', () => {
    wakeUp.set(NEVER, clock.now());
    expect(clock.pending).toBe(0);
  });

  it('keeps the timer it has while the deadline moves away', async () => {
    for (let datagram = 0; datagram < 1000; datagram++) {
      wakeIn(100);
      await Promise.resolve();
      clock.stall(0.01);
    }
    expect(clock.scheduled).toBe(1);
    await clock.advance(200);
    expect(wakes).toEqual([expect.closeTo(1109.99)]);
    expect(clock.scheduled).toBe(2);
  });

  it('takes an earlier timer for an earlier deadline', async () => {
    wakeIn(100);
    wakeIn(10);
    await clock.advance(50);
    expect(wakes).toEqual([1010]);
  });

  it('wakes once for a turn, however often it is asked', () => {
    for (let publish = 0; publish < 10; publish++) wakeIn(0);
    clock.endTurn();
    clock.endTurn();
    expect(wakes).toHaveLength(1);
  });

  it('reads what has piled up in a stall before it wakes', () => {
    wakeIn(100);
    clock.stall(700);
    clock.fireDue();
    expect(wakes).toEqual([]);
    for (let turn = 0; turn < 3; turn++) {
      wakeUp.noteArrival();
      clock.endTurn();
      expect(wakes).toEqual([]);
    }
    clock.endTurn();
    expect(wakes).toEqual([1700]);
  });

  it('leaves it when what it read moved the deadline away', () => {
    wakeIn(100);
    clock.stall(700);
    clock.fireDue();
    wakeUp.noteArrival();
    wakeIn(1000);
    clock.endTurn();
    clock.endTurn();
    expect(wakes).toEqual([]);
    expect(clock.pending).toBe(1);
  });

  it('does not wait for silence for ever', () => {
    wakeIn(100);
    clock.stall(700);
    clock.fireDue();
    for (let turn = 0; turn < 100; turn++) {
      wakeUp.noteArrival();
      clock.endTurn();
    }
    expect(wakes).toHaveLength(1);
  });

  it('leaves nothing behind when it is cancelled', async () => {
    wakeIn(100);
    wakeIn(0);
    wakeUp.cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(200);
    expect(wakes).toEqual([]);
  });
});
