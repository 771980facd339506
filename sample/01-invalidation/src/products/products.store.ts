import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFoundException } from '@nestjs/common';
import type { Product } from './product.js';

/** What there is until somebody writes. */
const CATALOGUE: readonly Product[] = [
  { id: 1, name: 'Teapot', price: 25 },
  { id: 2, name: 'Kettle', price: 40 },
  { id: 3, name: 'Cup', price: 8 },
];

/**
 * What all instances share, in the place of a database: a folder with one file for each product. A write replaces the
 * whole file by a rename, which is atomic, so that no reader sees half of it and writers of two products do not meet.
 */
export class ProductsStore {
  readonly #folder: string;

  constructor(folder = join(tmpdir(), 'nestjs-mesh-01-invalidation')) {
    this.#folder = folder;
  }

  async read(id: number): Promise<Product> {
    try {
      return JSON.parse(await readFile(this.#fileOf(id), 'utf8')) as Product;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const product = CATALOGUE.find((candidate) => candidate.id === id);
    if (product === undefined) throw new NotFoundException(`there is no product ${id}`);
    return product;
  }

  async write(product: Product): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const draft = `${this.#fileOf(product.id)}.${randomUUID()}`;
    await writeFile(draft, JSON.stringify(product));
    await rename(draft, this.#fileOf(product.id));
  }

  #fileOf(id: number): string {
    return join(this.#folder, `product-${id}.json`);
  }
}
