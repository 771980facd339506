/** Collects what happens, so that a spec can await it: with a deadline, and without sleeping. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #watchers = new Set<() => void>();

  get items(): readonly T[] {
    return this.#items;
  }

  /** Bound to its instance: it is handed on as a callback. */
  readonly add = (item: T): void => {
    this.#items.push(item);
    for (const watch of [...this.#watchers]) watch();
  };

  /** The first item that fits, come or to come. */
  async find(fits: (item: T) => boolean, deadlineMs = 8000): Promise<T> {
    const items = await this.until((all) => all.some(fits), deadlineMs);
    return items.find(fits)!;
  }

  /** All items, as soon as there are so many. */
  atLeast(count: number, deadlineMs = 8000): Promise<readonly T[]> {
    return this.until((items) => items.length >= count, deadlineMs);
  }

  until(done: (items: readonly T[]) => boolean, deadlineMs = 8000): Promise<readonly T[]> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
      };
      const check = (): void => {
        if (!done(this.#items)) return;
        finish();
        resolve([...this.#items]);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`not within ${deadlineMs} ms; there was ${JSON.stringify(this.#items)}`));
      }, deadlineMs);
      this.#watchers.add(check);
      check();
    });
  }
}
