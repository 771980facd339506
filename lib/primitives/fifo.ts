/** What was taken is cut off when it is this much and more than half of all. */
const TAKEN_KEPT = 1024;

/** First in, first out, without the cost of moving what remains: `Array.shift` on a long array takes 10 µs and more. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The one that `take` would give. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  take(): T | undefined {
    if (this.#head === this.#items.length) {
      if (this.#head > 0) this.#items = [];
      this.#head = 0;
      return undefined;
    }
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head > TAKEN_KEPT && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
