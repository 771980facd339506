import { Body, Controller, Delete, Get, Param, ParseIntPipe, Post, Put } from '@nestjs/common';
import type { Product } from './product.js';
import { ProductsRepository } from './products.repository.js';
import { ProductsService } from './products.service.js';

@Controller()
export class ProductsController {
  constructor(
    private readonly products: ProductsRepository,
    private readonly service: ProductsService,
  ) {}

  @Get('products')
  prices(): Promise<Readonly<Record<string, number>>> {
    return this.service.prices();
  }

  @Get('products/:id')
  read(@Param('id', ParseIntPipe) id: number): Promise<Product> {
    return this.products.find(id);
  }

  /** One statement. */
  @Put('products/:id/price/:price')
  async changePrice(
    @Param('id', ParseIntPipe) id: number,
    @Param('price', ParseIntPipe) price: number,
  ): Promise<Product> {
    await this.products.changePrice(id, price);
    return this.products.find(id);
  }

  /** A transaction. */
  @Post('products/swap')
  async swapPrices(
    @Body('first', ParseIntPipe) first: number,
    @Body('second', ParseIntPipe) second: number,
  ): Promise<readonly Product[]> {
    await this.service.swapPrices(first, second);
    return Promise.all([this.products.find(first), this.products.find(second)]);
  }

  /** A transaction that changes more than anybody would name. */
  @Post('products/raise/:by')
  async raiseAll(@Param('by', ParseIntPipe) by: number): Promise<object> {
    await this.service.raiseAll(by);
    return {};
  }

  /** Empties the caches of all. */
  @Delete('cache')
  async clearCache(): Promise<object> {
    await this.service.clearCache();
    return {};
  }
}
