import type { Instant } from './instant.js';

export interface TokenBucketTerms {
  readonly perMs: number;
  readonly burst: number;
}

/** Bounds a rate, of bytes or of anything that is counted, and lets short bursts pass. */
export class TokenBucket {
  readonly #terms: TokenBucketTerms;
  #tokens: number;
  #at: Instant;

  constructor(now: Instant, terms: TokenBucketTerms) {
    this.#terms = terms;
    this.#tokens = terms.burst;
    this.#at = now;
  }

  /** Whether so many are allowed now. */
  holds(now: Instant, count: number): boolean {
    const { perMs, burst } = this.#terms;
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#at) * perMs);
    this.#at = now;
    return this.#tokens >= count;
  }

  /** Whether so many are allowed now; if so they are spent. */
  take(now: Instant, count: number): boolean {
    if (!this.holds(now, count)) return false;
    this.#tokens -= count;
    return true;
  }
}
