import type { OnApplicationShutdown } from '@nestjs/common';
import { Connection, type Value, whenUnlocked } from './connection.js';
import { SCHEMA } from './schema.js';

/** The file that all instances share. */
export class Database implements OnApplicationShutdown {
  readonly #reading: Connection;
  /** Of its own, so that nobody reads what is not committed. */
  readonly #writing: Connection;
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(reading: Connection, writing: Connection) {
    this.#reading = reading;
    this.#writing = writing;
  }

  /** Makes the tables, if nobody has yet. */
  static async open(file: string): Promise<Database> {
    const database = new Database(await Connection.open(file), await Connection.open(file));
    await database.transaction((connection) => connection.exec(SCHEMA));
    return database;
  }

  onApplicationShutdown(): void {
    this.#reading.close();
    this.#writing.close();
  }

  all(sql: string, ...values: readonly Value[]): readonly unknown[] {
    return this.#reading.all(sql, ...values);
  }

  get(sql: string, ...values: readonly Value[]): unknown {
    return this.#reading.get(sql, ...values);
  }

  /** One statement, which is a transaction by itself. Returns how many rows were changed. */
  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#inTurn(() => whenUnlocked(() => this.#writing.run(sql, ...values)));
  }

  /** Commits what the work has done, or rolls it back if that throws. */
  transaction<T>(work: (connection: Connection) => T | Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await whenUnlocked(() => this.#writing.exec('BEGIN IMMEDIATE'));
      try {
        const result = await work(this.#writing);
        this.#writing.exec('COMMIT');
        return result;
      } catch (error) {
        this.#writing.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** The writes of this process one by one, as they share a connection. */
  #inTurn<T>(write: () => Promise<T>): Promise<T> {
    const result = this.#lastWrite.then(write);
    this.#lastWrite = result.catch(() => undefined);
    return result;
  }
}
