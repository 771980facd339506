/** One thing that a node told the others, of one key or of all that a pattern covers. */
export interface Write {
  readonly origin: string;
  /** What is published: a key, or a pattern. */
  readonly name: string;
  /** What the store holds since, by key. */
  readonly versions: ReadonlyMap<string, number>;
}

/** The store that the caches are copies of, and what was told of it. A version is written here before it is told. */
export class Ledger {
  readonly keys: readonly string[];
  readonly writes: Write[] = [];
  readonly #versions: Map<string, number>;

  constructor(keyCount: number) {
    this.keys = Array.from({ length: keyCount }, (_, index) => `key:${index}`);
    this.#versions = new Map(this.keys.map((key) => [key, 1]));
  }

  read(keys: readonly string[]): readonly number[] {
    return keys.map((key) => this.#versions.get(key) ?? 0);
  }

  /** `name` is a key, or the beginning of keys and a star. */
  write(origin: string, name: string): void {
    const keys = name.endsWith('*') ? this.keys.filter((key) => key.startsWith(name.slice(0, -1))) : [name];
    for (const key of keys) this.#versions.set(key, this.read([key])[0]! + 1);
    this.writes.push({ origin, name, versions: new Map(keys.map((key, at) => [key, this.read(keys)[at]!])) });
  }
}
