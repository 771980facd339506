import { Glob } from '../../delivery/glob.js';
import type { BucketSet } from '../../primitives/bucket-set.js';
import { Fences } from '../../reliability/fences.js';
import type { Truth } from './truth.js';

/** The cache of one node, as an application would keep it: by keys heard, by resyncs, and with fences around its loads. */
export class ModelCache {
  readonly #truth: Truth;
  /** The version of each key that is held. */
  readonly #entries = new Map<string, number>();
  readonly #fences: Fences;
  /** Only who hears of all writes may hold anything. */
  #isOpen = false;

  constructor(truth: Truth) {
    this.#truth = truth;
    this.#fences = new Fences({ isOpen: () => this.#isOpen, compile: (pattern) => new Glob(pattern) });
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): ReadonlyMap<string, number> {
    return this.#entries;
  }

  /** From now on it is used, and it begins empty. */
  open(): void {
    this.#isOpen = true;
    this.dropBuckets('all');
  }

  close(): void {
    this.#isOpen = false;
    this.dropBuckets('all');
  }

  /** A hit, or a load that takes no time. */
  read(key: string): void {
    if (this.#isOpen && !this.#entries.has(key)) this.#entries.set(key, this.#truth.version(key));
  }

  /** Begins a load that takes time, and returns its end: what it found is kept only if its fence is current then. */
  startLoad(key: string): () => void {
    const fence = this.#fences.make(key);
    const version = this.#truth.version(key);
    return () => {
      if (fence.isCurrent()) this.#entries.set(key, version);
    };
  }

  drop(key: string): void {
    this.#fences.moveKey(key);
    this.#entries.delete(key);
  }

  dropMatching(pattern: string): void {
    this.#fences.movePattern(pattern);
    const glob = new Glob(pattern);
    for (const key of this.#entries.keys()) if (glob.matches(key)) this.#entries.delete(key);
  }

  dropBuckets(buckets: BucketSet | 'all'): void {
    this.#fences.moveBuckets(buckets);
    if (buckets === 'all') return this.#entries.clear();
    for (const key of this.#entries.keys()) if (buckets.matches(key)) this.#entries.delete(key);
  }
}
