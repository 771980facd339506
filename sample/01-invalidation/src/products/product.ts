import { BadRequestException } from '@nestjs/common';

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
}

/** What the mesh calls a product, and the cache too: whoever hears the name knows what to evict. */
export function productKey(id: number): string {
  return `product:${id}`;
}

export function parseProduct(id: number, body: unknown): Product {
  const { name, price } = (body ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof name === 'string' && typeof price === 'number') return { id, name, price };
  throw new BadRequestException('a product is { "name": string, "price": number }');
}
