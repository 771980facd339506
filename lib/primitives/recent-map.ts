/**
 * A map of bounded size. What was set or touched lately stays: the last half of `limit` at least, and never more than all
 * of it. Entries go a generation at a time, as the first of a large map, of which much was deleted, takes long to find.
 */
export class RecentMap<K, V> {
  readonly #half: number;
  /** No key is in both. */
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** @param limit at least 2 */
  constructor(limit: number) {
    this.#half = Math.floor(limit / 2);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  has(key: K): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  /** The value; asking for it is no use of it. */
  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: K, value: V): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#old.delete(key);
    this.#young.set(key, value);
  }

  /** The entry has been used now. */
  touch(key: K): void {
    const value = this.#old.get(key);
    if (value !== undefined) this.set(key, value);
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  *entries(): IterableIterator<[K, V]> {
    yield* this.#old.entries();
    yield* this.#young.entries();
  }
}
