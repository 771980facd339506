import type { Instant } from './instant.js';

export interface TokenBucketTerms {
  readonly bytesPerMs: number;
  readonly burstBytes: number;
}

/** Bounds a rate, and lets short bursts pass. */
export class TokenBucket {
  readonly #terms: TokenBucketTerms;
  #bytes: number;
  #at: Instant;

  constructor(now: Instant, terms: TokenBucketTerms) {
    this.#terms = terms;
    this.#bytes = terms.burstBytes;
    this.#at = now;
  }

  /** Whether so many bytes are allowed now; if so they are spent. */
  take(now: Instant, bytes: number): boolean {
    const { bytesPerMs, burstBytes } = this.#terms;
    this.#bytes = Math.min(burstBytes, this.#bytes + (now - this.#at) * bytesPerMs);
    this.#at = now;
    if (this.#bytes < bytes) return false;
    this.#bytes -= bytes;
    return true;
  }
}
