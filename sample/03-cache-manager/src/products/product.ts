export interface Product {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  /** Grows with each change. */
  readonly version: number;
}

/** The tag of every product in the cache. */
export const PRODUCTS = 'products';
/** The key of the list of all prices. */
export const PRICE_LIST = 'price-list';
/** How many products there are: 1 to this. */
export const PRODUCT_COUNT = 20;

export function productKey(id: number): string {
  return `product:${id}`;
}

/** A row as a plain product: the database's own rows bear notes of how they were read. */
export function productOf(row: unknown): Product | undefined {
  if (row === undefined) return undefined;
  const { id, name, price, version } = row as Product;
  return { id, name, price, version };
}
