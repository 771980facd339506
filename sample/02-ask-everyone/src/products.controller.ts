import { BadRequestException, Body, Controller, Get, HttpStatus, Param, ParseIntPipe, Put, Res } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { MeshBus, MeshKey, MeshQuorumError, type MeshReceipt, type MeshResync, OnMeshResync } from 'nestjs-mesh';
import { ProductsCache } from './products.cache.js';
import { type Product, ProductsStore } from './products.store.js';

export interface Written {
  readonly product: Product;
  /** Other instances that have no old copy any more. */
  readonly evicted: number;
  /** Other instances that may have one: they have not said that they have let go of it. */
  readonly missing: readonly { readonly id: string; readonly address: string }[];
}

/** How long a write waits for the others. */
const PATIENCE_MS = 1000;

@Controller('products')
export class ProductsController {
  constructor(
    private readonly store: ProductsStore,
    private readonly cache: ProductsCache,
    private readonly bus: MeshBus,
  ) {}

  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number): Promise<Product> {
    return this.cache.read(keyOf(id), () => this.store.read(id));
  }

  /**
   * 200: it is written, and nobody serves the old price any more. 202: it is written too, but who is listed may serve the
   * old price for now. Not 503, which says that nothing was done, and invites to do it again.
   */
  @Put(':id')
  async save(
    @Param('id', ParseIntPipe) id: number,
    @Body() body: unknown,
    @Res({ passthrough: true }) response: { status(code: number): unknown },
  ): Promise<Written> {
    const product = { id, price: priceIn(body) };
    await this.store.write(product);
    this.cache.evict(keyOf(id));
    const { acked, idle, refused, missing } = await this.#tellEveryone(keyOf(id));
    const behind = [...missing, ...refused].map(({ id, address }) => ({ id, address }));
    if (behind.length > 0) response.status(HttpStatus.ACCEPTED);
    return { product, evicted: acked.length + idle.length, missing: behind };
  }

  /** An instance, this one or another, has written a product. */
  @EventPattern('product:*')
  onChange(@MeshKey() key: string): void {
    this.cache.evict(key);
  }

  /** Word of writes may have been missed. */
  @OnMeshResync()
  onResync(resync: MeshResync): void {
    this.cache.evictWhatMatches(resync);
  }

  /** Resolves when all others have evicted, or the time is over: then the receipt says who has not. */
  async #tellEveryone(key: string): Promise<MeshReceipt> {
    try {
      return await this.bus.publishAndAwait(key, 'all', { timeout: PATIENCE_MS });
    } catch (error) {
      if (error instanceof MeshQuorumError) return error.receipt as MeshReceipt;
      throw error;
    }
  }
}

function keyOf(id: number): string {
  return `product:${id}`;
}

function priceIn(body: unknown): number {
  const { price } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof price === 'number') return price;
  throw new BadRequestException('a product is { "price": number }');
}
