import type { Instant } from '../primitives/instant.js';

interface Scheduled<T> {
  readonly at: Instant;
  /** Of two at one instant, the one put in first comes first: without this, no trace would repeat. */
  readonly order: number;
  readonly value: T;
}

/** What happens when: a binary heap by time and insertion. */
export class EventHeap<T> {
  readonly #items: Scheduled<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#items.length;
  }

  nextAt(): Instant | undefined {
    return this.#items[0]?.at;
  }

  push(at: Instant, value: T): void {
    const item = { at, order: this.#order++, value };
    let index = this.#items.length;
    this.#items.push(item);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#items[above]!;
      if (!isBefore(item, parent)) break;
      this.#items[index] = parent;
      index = above;
    }
    this.#items[index] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (first === undefined || last === undefined) return undefined;
    if (this.#items.length > 0) this.#sink(last);
    return first.value;
  }

  #sink(item: Scheduled<T>): void {
    const length = this.#items.length;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= length) break;
      if (below + 1 < length && isBefore(this.#items[below + 1]!, this.#items[below]!)) below++;
      const child = this.#items[below]!;
      if (!isBefore(child, item)) break;
      this.#items[index] = child;
      index = below;
    }
    this.#items[index] = item;
  }
}

function isBefore<T>(one: Scheduled<T>, other: Scheduled<T>): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
