import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PRODUCT_COUNT } from '../products/product.js';
import { ProductsRepository } from '../products/products.repository.js';
import { SAMPLE_EVERY_MS } from '../settings.js';

/** What reading at random has shown of how stale this instance is. Times in milliseconds. */
export interface Samples {
  readonly reads: number;
  readonly staleReads: number;
  /** For how long that had been old which the last stale read gave, and the worst one. */
  readonly lastStaleMs: number;
  readonly longestStaleMs: number;
}

/** Reads random products through the cache, and compares them with the database. */
@Injectable()
export class Sampler implements OnApplicationBootstrap, OnApplicationShutdown {
  #samples: Samples = { reads: 0, staleReads: 0, lastStaleMs: 0, longestStaleMs: 0 };
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly products: ProductsRepository) {}

  get samples(): Samples {
    return this.#samples;
  }

  onApplicationBootstrap(): void {
    if (SAMPLE_EVERY_MS > 0) this.#timer = setInterval(() => void this.#sample(), SAMPLE_EVERY_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    const id = 1 + Math.floor(Math.random() * PRODUCT_COUNT);
    // Before the read: what is committed while that is under way does not make it a stale one.
    const newest = this.products.newestVersion(id);
    const now = Date.now();
    const { version } = await this.products.find(id);
    const samples = { ...this.#samples, reads: this.#samples.reads + 1 };
    this.#samples = version < newest ? this.#stale(samples, now - this.#supersededAt(id, version, now)) : samples;
  }

  #supersededAt(id: number, version: number, now: number): number {
    return this.products.writtenAt(id, version + 1) ?? now;
  }

  #stale(samples: Samples, staleMs: number): Samples {
    return {
      ...samples,
      staleReads: samples.staleReads + 1,
      lastStaleMs: staleMs,
      longestStaleMs: Math.max(samples.longestStaleMs, staleMs),
    };
  }
}
