import { BUCKET_COUNT, bucketOf, type BucketSet } from '../primitives/bucket-set.js';

/** Tells whether what was loaded since it was made may be kept. Frozen. */
export interface Fence {
  /** Whether the key was not invalidated, and no invalidation of it may have been missed, since the fence was made. */
  isCurrent(): boolean;
}

export interface KeyMatcher {
  matches(key: string): boolean;
}

export interface FenceParts {
  /** Whether any fence can be current now: only who hears of all invalidations may keep what it loads. */
  readonly isOpen: () => boolean;
  /** Makes something of a glob that matches keys. */
  readonly compile: (pattern: string) => KeyMatcher;
}

/** A fence that is older than this many patterns is not current any more. */
export const PATTERNS_KEPT = 64;
/** No longer one is published by this library: what others send must not be compiled at any length, and kept. */
const LONGEST_PATTERN = 1024;

/**
 * Counts what invalidates keys: one counter for each bucket of keys, one for what concerns all of them, and the last
 * patterns, as a pattern says nothing of buckets. A fence that finds all of them where they were is current. Keys that
 * share a bucket move each other's fences: moved too often is allowed, too seldom never.
 *
 * Source: the leases of "Scaling Memcache at Facebook" (NSDI 2013, § 3.2.1), without a server to hand them out.
 */
export class Fences {
  readonly #parts: FenceParts;
  /**
   * Made with the first fence: a bus without fences hashes no key for them, which costs 5 ns for each character (Node 20).
   * Floats count to 2^53, and never wrap.
   */
  #moves: Float64Array | undefined;
  #movesOfAll = 0;
  /** A ring: pattern number n stands at n % PATTERNS_KEPT. */
  readonly #patterns: KeyMatcher[] = [];
  #patternCount = 0;

  constructor(parts: FenceParts) {
    this.#parts = parts;
  }

  make(key: string): Fence {
    const moves = (this.#moves ??= new Float64Array(BUCKET_COUNT));
    const bucket = bucketOf(key);
    const [moved, movedOfAll] = [moves[bucket], this.#movesOfAll];
    let patternsPassed = this.#patternCount;
    const isCurrent = (): boolean => {
      if (!this.#parts.isOpen() || moves[bucket] !== moved || this.#movesOfAll !== movedOfAll) return false;
      if (this.#isMatchedSince(patternsPassed, key)) return false;
      patternsPassed = this.#patternCount;
      return true;
    };
    return Object.freeze({ isCurrent });
  }

  moveKey(key: string): void {
    if (this.#moves !== undefined) this.#moveBucket(this.#moves, bucketOf(key));
  }

  /** Moves the fences of all keys that match the glob. */
  movePattern(pattern: string): void {
    if (this.#moves === undefined) return;
    if (pattern.length > LONGEST_PATTERN) return this.moveAll();
    this.#patterns[this.#patternCount % PATTERNS_KEPT] = this.#parts.compile(pattern);
    this.#patternCount++;
  }

  moveBuckets(buckets: BucketSet | 'all'): void {
    if (buckets === 'all') return this.moveAll();
    const moves = this.#moves;
    if (moves === undefined) return;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) if (buckets.has(bucket)) this.#moveBucket(moves, bucket);
  }

  moveAll(): void {
    this.#movesOfAll++;
  }

  #moveBucket(moves: Float64Array, bucket: number): void {
    moves[bucket] = (moves[bucket] ?? 0) + 1;
  }

  #isMatchedSince(first: number, key: string): boolean {
    if (this.#patternCount - first > PATTERNS_KEPT) return true;
    for (let number = first; number < this.#patternCount; number++) {
      if (this.#patterns[number % PATTERNS_KEPT]?.matches(key) === true) return true;
    }
    return false;
  }
}
