import { setTimeout as delay } from 'node:timers/promises';
import Libsql from 'libsql';

export type Value = string | number;

const LOCKED_DEADLINE_MS = 5000;
const ASK_AGAIN_MS = 2;

/** One connection to the file, which other processes have open too. */
export class Connection {
  readonly #libsql: Libsql.Database;

  private constructor(file: string) {
    this.#libsql = new Libsql(file);
    this.#libsql.pragma('busy_timeout = 0');
  }

  /** Waits for others that are opening the file, as it is locked to readers too while it gets its write-ahead log. */
  static async open(file: string): Promise<Connection> {
    const connection = new Connection(file);
    await whenUnlocked(() => connection.exec('PRAGMA journal_mode = WAL'));
    // With a write-ahead log a commit is safe from the death of a process without being flushed to the disk.
    await whenUnlocked(() => connection.exec('PRAGMA synchronous = NORMAL'));
    return connection;
  }

  all(sql: string, ...values: readonly Value[]): readonly unknown[] {
    return this.#libsql.prepare(sql).all(...values);
  }

  get(sql: string, ...values: readonly Value[]): unknown {
    return this.#libsql.prepare(sql).get(...values);
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: readonly Value[]): number {
    return this.#libsql.prepare(sql).run(...values).changes;
  }

  exec(sql: string): void {
    this.#libsql.exec(sql);
  }

  close(): void {
    this.#libsql.close();
  }
}

/**
 * Does what takes the lock for writing, as soon as nobody else has it. By asking again: where SQLite waits by itself it
 * stops the event loop, with the heartbeats of the mesh on it, and with the transaction of this process that it may wait for.
 */
export async function whenUnlocked<T>(action: () => T): Promise<T> {
  const endsAt = performance.now() + LOCKED_DEADLINE_MS;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isLocked(error) || performance.now() > endsAt) throw error;
    }
    await delay(ASK_AGAIN_MS);
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
}
