import type { Connection, Value } from './connection.js';

/** What others have to let go of when a transaction is committed. */
export interface Invalid {
  readonly keys: Set<string>;
  readonly tags: Set<string>;
}

/** What is done in one transaction. */
export class Transaction {
  readonly #connection: Connection;
  readonly #invalid: Invalid;

  constructor(connection: Connection, invalid: Invalid) {
    this.#connection = connection;
    this.#invalid = invalid;
  }

  get(sql: string, ...values: readonly Value[]): unknown {
    return this.#connection.get(sql, ...values);
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: readonly Value[]): number {
    return this.#connection.run(sql, ...values);
  }

  /** Has these keys of the cache invalidated, everywhere, once the transaction is committed. */
  invalidates(...keys: readonly string[]): void {
    for (const key of keys) this.#invalid.keys.add(key);
  }

  /** The same for all entries that bear one of the tags. */
  invalidatesTag(...tags: readonly string[]): void {
    for (const tag of tags) this.#invalid.tags.add(tag);
  }
}
