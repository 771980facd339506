/** A map of bounded size. Where there is no room for another entry, the one that was set or touched longest ago goes. */
export class RecentMap<K, V> {
  readonly #limit: number;
  readonly #entries = new Map<K, V>();
  /** Whose entry is the last already: what comes several times in a row is not moved each time. */
  #latest: K | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  /** The value; asking for it is no use of it. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#limit) this.#evict();
    this.#entries.set(key, value);
    this.#latest = key;
  }

  /** The entry has been used now. */
  touch(key: K): void {
    if (key === this.#latest) return;
    const value = this.#entries.get(key);
    if (value !== undefined) this.set(key, value);
  }

  delete(key: K): void {
    this.#entries.delete(key);
    if (key === this.#latest) this.#latest = undefined;
  }

  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  #evict(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
