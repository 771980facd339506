import { Module } from '@nestjs/common';
import { CacheController } from './cache.controller.js';
import { ProductsCache } from './products.cache.js';
import { ProductsController } from './products.controller.js';
import { ProductsService } from './products.service.js';
import { ProductsStore } from './products.store.js';

@Module({
  controllers: [ProductsController, CacheController],
  providers: [
    ProductsService,
    ProductsCache,
    { provide: ProductsStore, useFactory: () => new ProductsStore(process.env.STORE_DIR) },
  ],
})
export class ProductsModule {}
