import { describe, expect, it } from '@jest/globals';
import {
  AMPLIFICATION_LIMIT,
  type Greeting,
  GreetingBook,
  type GreetingReason,
  mayGreet,
} from '../../../lib/membership/greeting-book.js';
import { randomBelow } from '../../../lib/primitives/random.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const HEARTBEAT = 5000;
const HELLO_BYTES = 166;
const LIMIT = 20;
const ADDRESSES = Array.from({ length: 60 }, (_, index) => `10.0.0.${index + 1}:7946`);
const REASONS: readonly GreetingReason[] = ['heard', 'heard', 'heard', 'heard', 'heard', 'old', 'told', 'seed'];

/** Bytes by address, over all the time that this node has lived, whatever it has forgotten since. */
class Ledger {
  readonly #bytes = new Map<string, number>();

  add(endpoint: string, bytes: number): void {
    this.#bytes.set(endpoint, this.of(endpoint) + bytes);
  }

  of(endpoint: string): number {
    return this.#bytes.get(endpoint) ?? 0;
  }

  total(): number {
    return [...this.#bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
}

describe('GreetingBook, under a flood', () => {
  it.each([1, 2, 3])('never draws more than three times its bytes to an address (seed %d)', (seed) => {
    const random = new SeededRandom(seed);
    const book = new GreetingBook(random, LIMIT);
    const [received, sent] = [new Ledger(), new Ledger()];
    let held = 0;
    const greet = (greeting: Greeting): void => {
      if (!mayGreet(greeting, HELLO_BYTES)) {
        held++;
        return;
      }
      greeting.sentBytes += HELLO_BYTES;
      sent.add(greeting.endpoint, HELLO_BYTES);
    };
    for (let now = 0; now < 100_000; now += randomBelow(random, 20)) {
      const endpoint = ADDRESSES[randomBelow(random, ADDRESSES.length)]!;
      const bytes = 18 + randomBelow(random, 200);
      received.add(endpoint, bytes);
      const greeting = book.open(now, endpoint, { reason: 'heard', firstAt: now + randomBelow(random, 50) });
      if (greeting !== undefined) greeting.receivedBytes += bytes;
      // Each greeting that comes is answered too.
      if (greeting !== undefined && randomBelow(random, 2) === 0) greet(greeting);
      if (randomBelow(random, 50) === 0 && greeting !== undefined) book.close(greeting);
      book.due(now, HEARTBEAT, greet);
    }
    const worst = Math.max(...ADDRESSES.map((endpoint) => sent.of(endpoint) / received.of(endpoint)));
    expect(worst).toBeLessThanOrEqual(AMPLIFICATION_LIMIT);
    expect(sent.total()).toBeGreaterThan(100 * HELLO_BYTES);
    expect(held).toBeGreaterThan(100);
  });

  it.each([4, 5, 6])('keeps its bound, its nonces and its deadline (seed %d)', (seed) => {
    const random = new SeededRandom(seed);
    const book = new GreetingBook(random, LIMIT);
    const known = new Set<Greeting>();
    let refused = 0;
    let now = 0;
    for (let step = 0; step < 1500; step++) {
      now += randomBelow(random, 100);
      const endpoint = ADDRESSES[randomBelow(random, ADDRESSES.length)]!;
      const reason = REASONS[randomBelow(random, REASONS.length)]!;
      const before = book.at(endpoint);
      const opened = book.open(now, endpoint, { reason, firstAt: now + randomBelow(random, 1000) });
      if (opened === undefined) refused++;
      else known.add(opened);
      if (before !== undefined && opened !== before) throw new Error(`step ${step}: ${endpoint} was known already`);
      if (randomBelow(random, 5) === 0) book.due(now, HEARTBEAT, () => undefined);
      if (randomBelow(random, 10) === 0 && opened !== undefined) book.close(opened);
      if (randomBelow(random, 200) === 0) book.keepSeeds(new Set(ADDRESSES.slice(0, 5)));
      // Whoever is in the book is found by address and by nonce, and whoever is not, by neither.
      const held = ADDRESSES.flatMap((each) => book.at(each) ?? []);
      for (const greeting of known) {
        const isHeld = held.includes(greeting);
        if ((book.echoed(greeting.nonce) === greeting) !== isHeld) throw new Error(`step ${step}: a nonce went astray`);
        if (!isHeld) known.delete(greeting);
      }
      const seeds = held.filter((greeting) => greeting.reason === 'seed').length;
      const earliest = Math.min(...held.map((greeting) => greeting.nextAt));
      if (book.size !== held.length || book.size > LIMIT + seeds) throw new Error(`step ${step}: size ${book.size}`);
      if (book.deadline() > earliest) throw new Error(`step ${step}: ${earliest} would be missed`);
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('lets a real node through, however many forged ones come with it', () => {
    const book = new GreetingBook(new SeededRandom(7), LIMIT);
    const forged = (index: number): string => `198.51.${index >> 8}.${index & 255}:7946`;
    const real = ADDRESSES[0]!;
    for (let index = 0; index < 1000; index++) book.open(0, forged(index), { reason: 'heard', firstAt: 0 });
    const { nonce } = book.open(1, real, { reason: 'heard', firstAt: 1 })!;
    for (let index = 1000; index < 1000 + LIMIT - 1; index++) {
      book.open(1, forged(index), { reason: 'heard', firstAt: 1 });
    }
    expect(book.echoed(nonce)?.endpoint).toBe(real);
    expect(book.size).toBe(LIMIT);
  });
});

describe('GreetingBook, when somebody better vouches for an address', () => {
  const RANKS: readonly GreetingReason[] = ['heard', 'old', 'told', 'seed'];
  const pairs = RANKS.flatMap((first) => RANKS.map((second) => ({ first, second })));

  it.each(pairs)('makes of $first, named again as $second, the better of both', ({ first, second }) => {
    const book = new GreetingBook(new SeededRandom(1), LIMIT);
    const greeting = book.open(0, ADDRESSES[0]!, { reason: first, firstAt: 500 })!;
    const { nonce } = greeting;
    book.open(10, ADDRESSES[0]!, { reason: second, firstAt: 100, nonce: 99n });
    const isBetter = RANKS.indexOf(second) > RANKS.indexOf(first);
    expect(greeting).toMatchObject({
      reason: isBetter ? second : first,
      nextAt: isBetter ? 100 : 500,
      nonce,
      since: 0,
    });
    expect(book.echoed(99n)).toBeUndefined();
  });

  it('does not put off what is due sooner', () => {
    const book = new GreetingBook(new SeededRandom(1), LIMIT);
    const greeting = book.open(0, ADDRESSES[0]!, { reason: 'heard', firstAt: 50 })!;
    book.open(0, ADDRESSES[0]!, { reason: 'seed', firstAt: 5000 });
    expect([greeting.nextAt, book.deadline()]).toEqual([50, 50]);
  });

  it('goes on counting attempts, so that one who was heard often and is told of is greeted as often as told', () => {
    const book = new GreetingBook(new SeededRandom(1), LIMIT);
    const greeting = book.open(0, ADDRESSES[0]!, { reason: 'heard', firstAt: 0 })!;
    let greeted = 0;
    const pass = (untilMs: number): void => {
      for (let now = book.deadline(); now <= untilMs; now = book.deadline()) book.due(now, HEARTBEAT, () => greeted++);
    };
    pass(1000);
    expect(greeted).toBe(4);
    book.open(1000, ADDRESSES[0]!, { reason: 'told', firstAt: 1000 });
    pass(1_000_000);
    expect([greeted, greeting.attempts, book.size]).toEqual([8, 8, 0]);
  });

  it('does not let the one who gave way find its old entry again', () => {
    const book = new GreetingBook(new SeededRandom(1), 1);
    const first = book.open(0, ADDRESSES[0]!, { reason: 'heard', firstAt: 0 })!;
    const second = book.open(0, ADDRESSES[1]!, { reason: 'heard', firstAt: 0 })!;
    const again = book.open(0, ADDRESSES[0]!, { reason: 'heard', firstAt: 0 })!;
    expect(again).not.toBe(first);
    expect(again.nonce).not.toBe(first.nonce);
    expect([first, second, again].map(({ nonce }) => book.echoed(nonce))).toEqual([undefined, undefined, again]);
  });
});
