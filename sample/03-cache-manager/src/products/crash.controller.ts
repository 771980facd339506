import { Controller, ForbiddenException, Param, ParseIntPipe, Post } from '@nestjs/common';
import { Transactions } from '../database/transactions.js';
import { MAY_CRASH } from '../settings.js';
import { ProductsRepository } from './products.repository.js';

/** For those who want to see what the time to live is for. */
@Controller()
export class CrashController {
  constructor(
    private readonly transactions: Transactions,
    private readonly products: ProductsRepository,
  ) {}

  /** Writes, commits, and dies as by `kill -9` before it has told anybody. There is no answer. */
  @Post('products/:id/crash-after-commit')
  async crash(@Param('id', ParseIntPipe) id: number): Promise<void> {
    if (!MAY_CRASH) throw new ForbiddenException('only with MAY_CRASH=yes');
    this.transactions.onCommit = () => process.kill(process.pid, 'SIGKILL');
    await this.transactions.run((tx) => this.products.changePriceIn(tx, id, this.products.priceIn(tx, id) + 1));
  }
}
