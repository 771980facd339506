const FIRST_REVIEW = 1000;

/** Which keys of the levels in memory bear which tags. */
export class TagIndex {
  readonly #keysByTag = new Map<string, Set<string>>();
  readonly #tagsByKey = new Map<string, readonly string[]>();
  /** The keys that are held, where that can be told: entries also go by their time, and nobody says so. */
  readonly #held: () => Iterable<string> | undefined;
  #nextReview = FIRST_REVIEW;

  constructor(held: () => Iterable<string> | undefined) {
    this.#held = held;
  }

  get size(): number {
    return this.#tagsByKey.size;
  }

  tags(): string[] {
    return [...this.#keysByTag.keys()];
  }

  keysOf(tag: string): string[] {
    return [...(this.#keysByTag.get(tag) ?? [])];
  }

  add(key: string, tags: readonly string[]): void {
    this.remove(key);
    if (tags.length === 0) return;
    if (this.#tagsByKey.size >= this.#nextReview) this.#review();
    this.#tagsByKey.set(key, tags);
    for (const tag of tags) {
      const keys = this.#keysByTag.get(tag);
      if (keys === undefined) this.#keysByTag.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  remove(key: string): void {
    for (const tag of this.#tagsByKey.get(key) ?? []) {
      const keys = this.#keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByTag.delete(tag);
    }
    this.#tagsByKey.delete(key);
  }

  clear(): void {
    this.#keysByTag.clear();
    this.#tagsByKey.clear();
    this.#nextReview = FIRST_REVIEW;
  }

  /** Forgets keys that are not held any more. The next time is when there are twice as many as are. */
  #review(): void {
    const held = new Set(this.#held() ?? this.#tagsByKey.keys());
    for (const key of [...this.#tagsByKey.keys()]) if (!held.has(key)) this.remove(key);
    this.#nextReview = Math.max(FIRST_REVIEW, 2 * this.#tagsByKey.size);
  }
}
