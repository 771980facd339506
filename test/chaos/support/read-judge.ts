import { quantile } from '../../bench/loss/figures.js';
import type { VersionBook } from './version-book.js';

/** The place of the key among all, the version that was given, when the read began, and whether it had to load. */
export type Read = readonly [place: number, version: number, begin: number, loaded: 0 | 1];

/** What became of the reads of all instances. */
export interface Verdict {
  readonly reads: number;
  readonly readsBy: Readonly<Record<string, number>>;
  /** The share that no load was needed for. */
  readonly hitShare: number;
  readonly stale: number;
  readonly staleShare: number;
  /** Over the stale ones, in milliseconds. */
  readonly staleness: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Reads that gave an instance less than what it had itself told the others to let go of. */
  readonly behindOwn: readonly string[];
  /** Reads that gave what was never committed. */
  readonly unknown: number;
}

/** Compares what was read with what had been committed by then. */
export class ReadJudge {
  readonly #book: VersionBook;
  /** Those who were killed. What they had committed and not told of is expected of nobody. */
  readonly #dead: ReadonlySet<string>;
  readonly #reads: { readonly by: string; readonly read: Read }[] = [];

  constructor(book: VersionBook, dead: ReadonlySet<string>) {
    this.#book = book;
    this.#dead = dead;
  }

  take(by: string, reads: readonly Read[]): void {
    for (const read of reads) this.#reads.push({ by, read });
  }

  /** Of the reads that began then. */
  verdict(from = -Infinity, to = Infinity): Verdict {
    const { keys } = this.#book;
    const ages: number[] = [];
    const behindOwn: string[] = [];
    const readsBy: Record<string, number> = {};
    let [reads, loads, unknown] = [0, 0, 0];
    for (const { by, read } of this.#reads) {
      const [place, version, begin, loaded] = read;
      if (begin < from || begin >= to) continue;
      const key = keys[place]!;
      reads++;
      readsBy[by] = (readsBy[by] ?? 0) + 1;
      loads += loaded;
      if (!(version <= this.#book.newest(key))) unknown++;
      const age = this.#book.staleness(key, version, begin, this.#dead);
      if (age > 0) ages.push(age);
      const own = this.#book.newestTold(key, by, begin);
      if (version < own) behindOwn.push(`${by} read ${key} v${version} and had told v${own}, ${age.toFixed(1)} ms old`);
    }
    ages.sort((one, other) => one - other);
    return {
      ...{ reads, readsBy, hitShare: 1 - loads / reads, behindOwn, unknown },
      ...{ stale: ages.length, staleShare: ages.length / reads },
      staleness: { p50: quantile(ages, 0.5), p99: quantile(ages, 0.99), max: quantile(ages, 1) },
    };
  }
}
