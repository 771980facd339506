/** First in, first out, without the cost of moving what remains: `Array.shift` on a long array takes 10 µs and more. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  take(): T | undefined {
    if (this.#head === this.#items.length) {
      if (this.#head > 0) this.#items = [];
      this.#head = 0;
      return undefined;
    }
    return this.#items[this.#head++];
  }
}
