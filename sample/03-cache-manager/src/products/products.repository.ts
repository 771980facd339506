import { Injectable, NotFoundException } from '@nestjs/common';
import { Cached, Invalidates } from 'nestjs-mesh/cache';
import { Database } from '../database/database.js';
import type { Transaction } from '../database/transaction.js';
import { TTL_MS } from '../settings.js';
import { PRICE_LIST, type Product, productKey, productOf, PRODUCTS } from './product.js';

@Injectable()
export class ProductsRepository {
  constructor(private readonly database: Database) {}

  @Cached({ key: (id: number) => productKey(id), ttl: TTL_MS, tags: [PRODUCTS] })
  async find(id: number): Promise<Product> {
    const product = productOf(this.database.get('SELECT * FROM products WHERE id = ?', id));
    if (product === undefined) throw new NotFoundException(`there is no product ${id}`);
    return product;
  }

  async prices(): Promise<Readonly<Record<string, number>>> {
    const rows = this.database.all('SELECT * FROM products ORDER BY id') as readonly Product[];
    return Object.fromEntries(rows.map(({ name, price }) => [name, price]));
  }

  /** One statement, which is committed when it returns: what it has changed is announced behind it. */
  @Invalidates({ keys: (id: number) => [productKey(id), PRICE_LIST] })
  async changePrice(id: number, price: number): Promise<void> {
    const changed = await this.database.run(
      'UPDATE products SET price = ?, version = version + 1 WHERE id = ?',
      price,
      id,
    );
    if (changed === 0) throw new NotFoundException(`there is no product ${id}`);
  }

  /** The same as a part of a transaction, which is announced when all of it is committed. */
  changePriceIn(tx: Transaction, id: number, price: number): void {
    const changed = tx.run('UPDATE products SET price = ?, version = version + 1 WHERE id = ?', price, id);
    if (changed === 0) throw new NotFoundException(`there is no product ${id}`);
    tx.invalidates(productKey(id), PRICE_LIST);
  }

  /** Which products that are, nobody needs to know: they bear one tag. */
  raiseAllIn(tx: Transaction, by: number): void {
    tx.run('UPDATE products SET price = price + ?, version = version + 1', by);
    tx.invalidatesTag(PRODUCTS);
    tx.invalidates(PRICE_LIST);
  }

  priceIn(tx: Transaction, id: number): number {
    const product = productOf(tx.get('SELECT * FROM products WHERE id = ?', id));
    if (product === undefined) throw new NotFoundException(`there is no product ${id}`);
    return product.price;
  }

  /** The version that is in the database now, whatever the cache holds. */
  newestVersion(id: number): number {
    return productOf(this.database.get('SELECT * FROM products WHERE id = ?', id))?.version ?? 0;
  }

  /** When a version was written, in milliseconds since 1970. That is a little before its commit. */
  writtenAt(id: number, version: number): number | undefined {
    const row = this.database.get('SELECT at FROM changes WHERE product = ? AND version = ?', id, version);
    return (row as { readonly at: number } | undefined)?.at;
  }
}
