import { Injectable } from '@nestjs/common';
import { MeshClient } from 'nestjs-mesh';
import { type Product, productKey } from './product.js';
import { type CachedRead, ProductsCache } from './products.cache.js';
import { ProductsStore } from './products.store.js';

export interface Written {
  readonly product: Product;
  /** Nanoseconds on the clock that all processes of one machine share. */
  readonly writtenAt: string;
}

@Injectable()
export class ProductsService {
  constructor(
    private readonly store: ProductsStore,
    private readonly cache: ProductsCache,
    private readonly mesh: MeshClient,
  ) {}

  find(id: number): Promise<CachedRead> {
    return this.cache.read(productKey(id), () => this.store.read(id));
  }

  async save(product: Product): Promise<Written> {
    await this.store.write(product);
    const writtenAt = String(process.hrtime.bigint());
    // Behind the write, never before: whoever hears of it has to find the new value. This instance hears of it too.
    this.mesh.emit(productKey(product.id));
    return { product, writtenAt };
  }
}
