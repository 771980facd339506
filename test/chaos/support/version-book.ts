/** A version of a key: when it was committed, by whom, and when its invalidation had been said, if it was. */
interface Commit {
  readonly at: number;
  readonly by: string;
  toldAt: number | undefined;
}

const NOBODY: ReadonlySet<string> = new Set();

/** Which versions of which key are a read's to give. All times are of the machine's monotonic clock, in milliseconds. */
export class VersionBook {
  readonly keys: readonly string[];
  /** By key; the version is the place. What is there from the beginning was committed before all else. */
  readonly #commits: Map<string, Commit[]>;

  constructor(keys: readonly string[]) {
    this.keys = keys;
    this.#commits = new Map(keys.map((key) => [key, [{ at: -Infinity, by: 'the beginning', toldAt: -Infinity }]]));
  }

  newest(key: string): number {
    return this.#of(key).length - 1;
  }

  /** All of them at one moment. Returns their versions. */
  commit(keys: readonly string[], by: string, at: number): readonly number[] {
    return keys.map((key) => this.#of(key).push({ at, by, toldAt: undefined }) - 1);
  }

  /** Whoever has committed it has said that what is older is invalid, to the end of the call that says so. */
  tell(key: string, version: number, at: number): void {
    this.#of(key)[version]!.toldAt = at;
  }

  /**
   * For how long what a read gave had been old when the read began; 0 where nothing newer was there that anybody could
   * have been told of.
   */
  staleness(key: string, version: number, begin: number, dead: ReadonlySet<string> = NOBODY): number {
    const next = this.#of(key).find((commit, at) => at > version && isDue(commit, dead));
    return next === undefined ? 0 : Math.max(0, begin - next.at);
  }

  /** The newest that a process had told of itself when a read of its own began. */
  newestTold(key: string, by: string, begin: number): number {
    return this.#of(key).findLastIndex(({ by: writer, toldAt }) => writer === by && (toldAt ?? Infinity) <= begin);
  }

  /** What may not be older once all is quiet: who was killed between commit and invalidation has told nobody. */
  newestDue(key: string, dead: ReadonlySet<string>): number {
    return this.#of(key).findLastIndex((commit) => isDue(commit, dead));
  }

  /** Commits of those that were killed before they told. */
  untold(dead: ReadonlySet<string>): number {
    const all = [...this.#commits.values()].flat();
    return all.filter((commit) => !isDue(commit, dead)).length;
  }

  #of(key: string): Commit[] {
    const commits = this.#commits.get(key);
    if (commits === undefined) throw new Error(`nobody knows of ${key}`);
    return commits;
  }
}

function isDue({ by, toldAt }: Commit, dead: ReadonlySet<string>): boolean {
  return toldAt !== undefined || !dead.has(by);
}
