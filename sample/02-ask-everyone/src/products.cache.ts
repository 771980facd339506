import { Injectable } from '@nestjs/common';
import { MeshBus, type MeshResync } from 'nestjs-mesh';
import type { Product } from './products.store.js';

/** What one instance says of its cache. */
export interface CacheStats {
  readonly instance: string;
  /** The id of its node in the mesh, by which those who do not answer are told. */
  readonly node: string;
  readonly hits: number;
  readonly misses: number;
  readonly size: number;
}

/** The copies of one instance, in its memory. */
@Injectable()
export class ProductsCache {
  readonly #entries = new Map<string, Product>();
  #hits = 0;
  #misses = 0;

  constructor(private readonly bus: MeshBus) {}

  async read(key: string, load: () => Promise<Product>): Promise<Product> {
    const copy = this.#entries.get(key);
    if (copy !== undefined) {
      this.#hits++;
      return copy;
    }
    this.#misses++;
    const fence = this.bus.fence(key);
    const product = await load();
    // What was loaded while somebody wrote may be the old value, and its eviction has been already.
    if (fence.isCurrent()) this.#entries.set(key, product);
    return product;
  }

  evict(key: string): void {
    this.#entries.delete(key);
  }

  evictWhatMatches(resync: MeshResync): void {
    for (const key of this.#entries.keys()) if (resync.matches(key)) this.#entries.delete(key);
  }

  stats(): CacheStats {
    const [hits, misses, size] = [this.#hits, this.#misses, this.#entries.size];
    return { instance: process.env.INSTANCE ?? '?', node: this.bus.id, hits, misses, size };
  }
}
