import { Injectable, Logger } from '@nestjs/common';
import { MeshCache } from 'nestjs-mesh/cache';
import { Database } from './database.js';
import { type Invalid, Transaction } from './transaction.js';

/** Commits first, and then tells everyone. */
@Injectable()
export class Transactions {
  /** Called when a transaction is committed and nobody knows yet: here a test lets the process die. */
  onCommit: () => void = () => undefined;
  readonly #logger = new Logger('Transactions');

  constructor(
    private readonly database: Database,
    private readonly cache: MeshCache,
  ) {}

  /**
   * Runs the work in a transaction. When it is committed, what it has named is invalidated everywhere. When the work throws,
   * it is rolled back, and nobody is told of anything.
   */
  async run<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T> {
    const invalid: Invalid = { keys: new Set<string>(), tags: new Set<string>() };
    const result = await this.database.transaction((connection) => work(new Transaction(connection, invalid)));
    this.onCommit();
    await this.#announce(invalid);
    return result;
  }

  /** What was committed stays so. To fail here would have the caller do it a second time. */
  async #announce({ keys, tags }: Invalid): Promise<void> {
    try {
      await Promise.all([
        keys.size > 0 && this.cache.invalidate([...keys]),
        tags.size > 0 && this.cache.invalidateTag([...tags]),
      ]);
    } catch (error) {
      this.#logger.error(
        'Committed, but not announced: others may serve the old until its time to live is over',
        error,
      );
    }
  }
}
