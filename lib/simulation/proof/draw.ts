import { randomBelow, randomFraction, type Random } from '../../primitives/random.js';

/** What a scenario leaves to chance. */
export class Draw {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  chance(probability: number): boolean {
    return randomFraction(this.#random) < probability;
  }

  /** A number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + (high - low) * randomFraction(this.#random);
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + randomBelow(this.#random, high - low + 1);
  }

  /** @throws RangeError for an empty list */
  pick<T>(items: readonly T[]): T {
    const item = items[randomBelow(this.#random, items.length)];
    if (item === undefined) throw new RangeError('there is nothing to pick from');
    return item;
  }

  /** That many of them, or all if there are fewer, in any order. */
  some<T>(items: readonly T[], count: number): T[] {
    const shuffled = [...items];
    const taken = Math.min(count, shuffled.length);
    for (let index = 0; index < taken; index++) {
      const other = index + randomBelow(this.#random, shuffled.length - index);
      const item = shuffled[other]!;
      shuffled[other] = shuffled[index]!;
      shuffled[index] = item;
    }
    return shuffled.slice(0, taken);
  }
}
