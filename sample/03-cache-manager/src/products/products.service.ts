import { Inject, Injectable } from '@nestjs/common';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { Cache } from 'cache-manager';
import { Transactions } from '../database/transactions.js';
import { TTL_MS } from '../settings.js';
import { PRICE_LIST } from './product.js';
import { ProductsRepository } from './products.repository.js';

@Injectable()
export class ProductsService {
  constructor(
    private readonly products: ProductsRepository,
    private readonly transactions: Transactions,
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
  ) {}

  /** By the cache that has always been there: the mesh guards it too. */
  prices(): Promise<Readonly<Record<string, number>>> {
    return this.cache.wrap(PRICE_LIST, () => this.products.prices(), TTL_MS);
  }

  /** Either both prices change, or none does. */
  swapPrices(first: number, second: number): Promise<void> {
    return this.transactions.run(async (tx) => {
      const price = this.products.priceIn(tx, first);
      this.products.changePriceIn(tx, first, this.products.priceIn(tx, second));
      this.products.changePriceIn(tx, second, price);
    });
  }

  raiseAll(by: number): Promise<void> {
    return this.transactions.run((tx) => this.products.raiseAllIn(tx, by));
  }

  async clearCache(): Promise<void> {
    await this.cache.clear();
  }
}
