import { Body, Controller, Get, Logger, Param, ParseIntPipe, Put } from '@nestjs/common';
import { Ctx, EventPattern } from '@nestjs/microservices';
import { MeshContext, type MeshResync, OnMeshResync } from 'nestjs-mesh';
import { parseProduct } from './product.js';
import { type CachedRead, ProductsCache } from './products.cache.js';
import { ProductsService, type Written } from './products.service.js';

@Controller('products')
export class ProductsController {
  readonly #logger = new Logger(ProductsController.name);

  constructor(
    private readonly products: ProductsService,
    private readonly cache: ProductsCache,
  ) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): Promise<CachedRead> {
    return this.products.find(id);
  }

  @Put(':id')
  save(@Param('id', ParseIntPipe) id: number, @Body() body: unknown): Promise<Written> {
    return this.products.save(parseProduct(id, body));
  }

  /** An instance, this one or another, has written a product. */
  @EventPattern('product:*')
  onChange(@Ctx() context: MeshContext): void {
    const { key, held, origin } = this.cache.evict(context.getKey(), context.getOrigin());
    if (held) this.#logger.log(`${key} evicted: node ${origin} has written it`);
  }

  /** Word of writes may have been missed. */
  @OnMeshResync()
  onResync(resync: MeshResync): void {
    const { reason, evicted } = this.cache.evictWhatMatches(resync);
    this.#logger.log(`resync ${reason}: ${evicted} evicted`);
  }
}
