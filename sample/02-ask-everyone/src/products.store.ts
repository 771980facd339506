import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';

export interface Product {
  readonly id: number;
  readonly price: number;
}

/** What all instances share, in the place of a database: a folder with one file for each product. */
@Injectable()
export class ProductsStore {
  readonly #folder = process.env.STORE_DIR ?? '.';

  async read(id: number): Promise<Product> {
    const text = await readFile(this.#fileOf(id), 'utf8').catch(() => undefined);
    return text === undefined ? { id, price: 0 } : (JSON.parse(text) as Product);
  }

  /** A rename is atomic: no reader sees half of it. */
  async write(product: Product): Promise<void> {
    const draft = `${this.#fileOf(product.id)}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(product));
    await rename(draft, this.#fileOf(product.id));
  }

  #fileOf(id: number): string {
    return join(this.#folder, `product-${id}.json`);
  }
}
