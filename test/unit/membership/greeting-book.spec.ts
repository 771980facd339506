import { describe, expect, it } from '@jest/globals';

import {
  AMPLIFICATION_LIMIT,
  type Greeting,
  GreetingBook,
  type GreetingReason,
  mayGreet,
} from '../../../lib/membership/greeting-book.js';
import { NEVER } from '../../../lib/primitives/instant.js';
import { NO_NONCE } from '../../../lib/primitives/nonce.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const HEARTBEAT = 5000;

function book(limit = 10): GreetingBook {
  return new GreetingBook(new SeededRandom(1), limit);
}

function address(index: number): string {
  return `10.0.${index >> 8}.${index & 255}:7946`;
}

/** The times at which an address is greeted, until it is forgotten or `untilMs`. */
function greetingTimes(reason: GreetingReason, untilMs: number): number[] {
  const greetings = book();
  greetings.open(0, address(1), { reason, firstAt: 0 });
  const times: number[] = [];
  for (let now = greetings.deadline(); now <= untilMs; now = greetings.deadline()) {
    greetings.due(now, HEARTBEAT, () => times.push(now));
  }
  return times;
}

describe('GreetingBook', () => {
  it.each<[GreetingReason, number[]]>([
    ['seed', [0, 100, 300, 900, 2100, 4500, 9500, 14_500, 19_500, 24_500, 29_500]],
    ['told', [0, 100, 300, 900, 2100, 4500, 9500, 14_500]],
    ['heard', [0, 100, 300, 900]],
    ['old', [0, 100]],
  ])('greets one that is known as %s at %j', (reason, times) => {
    expect(greetingTimes(reason, 30_000)).toEqual(times);
  });

  it('goes on with a seed for ever, and forgets all others', () => {
    const greetings = book();
    for (const reason of ['seed', 'told', 'heard', 'old'] as const) {
      greetings.open(0, `${reason}:1`, { reason, firstAt: 0 });
    }
    for (let beat = 0; beat < 100; beat++) greetings.due(beat * HEARTBEAT, HEARTBEAT, () => undefined);
    expect(greetings.size).toBe(1);
    expect(greetings.at('seed:1')?.attempts).toBe(100);
  });

  it('has a nonce for each address, by which it is found until it is closed', () => {
    const greetings = book();
    const one = greetings.open(0, address(1), { reason: 'told', firstAt: 0 })!;
    const other = greetings.open(0, address(2), { reason: 'told', firstAt: 0 })!;
    expect(one.nonce).not.toBe(other.nonce);
    expect(greetings.echoed(one.nonce)).toBe(one);
    expect(greetings.echoed(NO_NONCE)).toBeUndefined();
    greetings.close(one);
    expect([greetings.echoed(one.nonce), greetings.at(address(1)), greetings.size]).toEqual([undefined, undefined, 1]);
  });

  it('takes the nonce that whoever lives there has been given', () => {
    const greetings = book();
    greetings.open(0, address(1), { reason: 'heard', firstAt: 0, nonce: 42n });
    expect(greetings.echoed(42n)?.endpoint).toBe(address(1));
  });

  it('has one greeting for an address, with the best reason that was given', () => {
    const greetings = book();
    const first = greetings.open(0, address(1), { reason: 'heard', firstAt: 500 });
    expect(greetings.open(0, address(1), { reason: 'told', firstAt: 100 })).toBe(first);
    expect(first).toMatchObject({ reason: 'told', nextAt: 100 });
    greetings.open(0, address(1), { reason: 'old', firstAt: 50 });
    expect(first).toMatchObject({ reason: 'told', nextAt: 100 });
    expect(greetings.size).toBe(1);
  });

  it('says when the next is due, and never while it is empty', () => {
    const greetings = book();
    expect(greetings.deadline()).toBe(NEVER);
    greetings.open(0, address(1), { reason: 'told', firstAt: 70 });
    greetings.open(0, address(2), { reason: 'told', firstAt: 30 });
    expect(greetings.deadline()).toBe(30);
    greetings.due(30, HEARTBEAT, () => undefined);
    expect(greetings.deadline()).toBe(70);
    greetings.schedule(greetings.at(address(1))!, 40);
    expect(greetings.deadline()).toBe(40);
  });

  it('waits for those that users and members named', () => {
    const greetings = book();
    greetings.open(0, address(1), { reason: 'heard', firstAt: 0 });
    greetings.open(0, address(2), { reason: 'old', firstAt: 0 });
    expect(greetings.isWaiting()).toBe(false);
    greetings.open(0, address(1), { reason: 'seed', firstAt: 0 });
    expect(greetings.isWaiting()).toBe(true);
  });

  it('forgets seeds that are named no more, and nobody else', () => {
    const greetings = book();
    for (const index of [1, 2]) greetings.open(0, address(index), { reason: 'seed', firstAt: 0 });
    greetings.open(0, address(3), { reason: 'told', firstAt: 0 });
    greetings.keepSeeds(new Set([address(2)]));
    expect([1, 2, 3].map((index) => greetings.at(address(index)) !== undefined)).toEqual([false, true, true]);
  });

  describe('when it is full', () => {
    function full(reason: GreetingReason): GreetingBook {
      const greetings = book(3);
      for (const index of [1, 2, 3]) greetings.open(0, address(index), { reason, firstAt: 0 });
      return greetings;
    }

    it.each<GreetingReason>(['heard', 'old', 'told', 'seed'])(
      'lets the oldest stranger give way to one %s',
      (reason) => {
        const greetings = full('heard');
        expect(greetings.open(1, address(4), { reason, firstAt: 1 })).toBeDefined();
        expect([1, 2, 3, 4].map((index) => greetings.at(address(index)) !== undefined)).toEqual([
          false,
          true,
          true,
          true,
        ]);
      },
    );

    it.each<GreetingReason>(['heard', 'old', 'told'])('refuses one %s when it holds no strangers', (reason) => {
      const greetings = full('told');
      expect(greetings.open(1, address(4), { reason, firstAt: 1 })).toBeUndefined();
      expect(greetings.size).toBe(3);
    });

    it('has room for seeds always', () => {
      const greetings = full('told');
      expect(greetings.open(1, address(4), { reason: 'seed', firstAt: 1 })).toBeDefined();
    });

    it('does not let go of a stranger that somebody has vouched for', () => {
      const greetings = full('heard');
      greetings.open(1, address(1), { reason: 'told', firstAt: 1 });
      greetings.open(1, address(4), { reason: 'heard', firstAt: 1 });
      expect([1, 2].map((index) => greetings.at(address(index)) !== undefined)).toEqual([true, false]);
    });

    it('stays within its bound, whoever comes', () => {
      const greetings = book(100);
      let largest = 0;
      for (let index = 0; index < 10_000; index++) {
        greetings.open(index, address(index), { reason: index % 3 === 0 ? 'told' : 'heard', firstAt: index });
        largest = Math.max(largest, greetings.size);
      }
      expect(largest).toBe(100);
    });
  });
});

describe('mayGreet', () => {
  const greeting = (reason: GreetingReason, receivedBytes: number, sentBytes: number): Greeting => ({
    endpoint: address(1),
    nonce: 1n,
    reason,
    attempts: 0,
    nextAt: 0,
    since: 0,
    receivedBytes,
    sentBytes,
    heardByGroupAt: -NEVER,
  });

  it.each([
    [100, 0, 300, true],
    [100, 0, 301, false],
    [100, 200, 100, true],
    [100, 200, 101, false],
    [0, 0, 1, false],
  ])('%s bytes came and %s went: %s more may go: %s', (received, sent, more, expected) => {
    expect(AMPLIFICATION_LIMIT).toBe(3);
    expect(mayGreet(greeting('heard', received, sent), more)).toBe(expected);
  });

  it.each<GreetingReason>(['seed', 'told', 'old'])(
    'counts nothing where somebody else named the address: %s',
    (reason) => {
      expect(mayGreet(greeting(reason, 0, 1_000_000), 100)).toBe(true);
    },
  );
});
