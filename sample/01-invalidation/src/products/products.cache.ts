import { Injectable } from '@nestjs/common';
import type { Product } from './product.js';

export interface CachedRead {
  readonly product: Product;
  readonly from: 'cache' | 'store';
}

export interface Eviction {
  readonly key: string;
  /** Whether there was an entry to evict. */
  readonly held: boolean;
  /** Nanoseconds on the clock that all processes of one machine share. */
  readonly at: string;
  /** Node id of the instance that wrote. */
  readonly origin: string;
}

interface Entry {
  readonly product: Product;
  readonly expiresAt: number;
}

/** The mesh makes entries go early. This bounds how long one stays if word of a write is lost. */
const TIME_TO_LIVE_MS = 60_000;
const EVICTIONS_KEPT = 20;

/** The copies of one instance, in its memory. */
@Injectable()
export class ProductsCache {
  readonly #entries = new Map<string, Entry>();
  readonly #evictions: Eviction[] = [];
  /** Moved by everything that evicts, so that a load can tell whether anything was evicted meanwhile. */
  #generation = 0;

  async read(key: string, load: () => Promise<Product>): Promise<CachedRead> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && performance.now() < entry.expiresAt) return { product: entry.product, from: 'cache' };
    const generation = this.#generation;
    const product = await load();
    // What was loaded while somebody wrote may be the old value, and its eviction has been already.
    if (generation === this.#generation) {
      this.#entries.set(key, { product, expiresAt: performance.now() + TIME_TO_LIVE_MS });
    }
    return { product, from: 'store' };
  }

  evict(key: string, origin: string): Eviction {
    this.#generation++;
    const held = this.#entries.delete(key);
    const eviction: Eviction = { key, held, at: String(process.hrtime.bigint()), origin };
    this.#evictions.push(eviction);
    if (this.#evictions.length > EVICTIONS_KEPT) this.#evictions.shift();
    return eviction;
  }

  evictWhere(matches: (key: string) => boolean): void {
    this.#generation++;
    for (const key of this.#entries.keys()) if (matches(key)) this.#entries.delete(key);
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The latest ones, oldest first. */
  evictions(): readonly Eviction[] {
    return this.#evictions;
  }
}
