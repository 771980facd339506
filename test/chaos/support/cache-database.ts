import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Random } from '../../../lib/primitives/random.js';
import type { VersionBook } from './version-book.js';

/** What a process says, a line each. `call` gets an answer; what was told needs none. */
type Line = { readonly by: string } & (
  | { readonly call: number; readonly read: string }
  | { readonly call: number; readonly commit: readonly string[] }
  | { readonly told: readonly (readonly [key: string, version: number])[]; readonly at: number }
);

/** The clock that all processes of the machine share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** One call of so many takes longer, as calls do. */
const SLOW_EVERY = 20;
const SLOW_TIMES = 10;

/**
 * The store that caches are copies of. It is reached by a socket in the file system, which no network namespace parts. A
 * call takes a random time up to `latencyMs`, a random part of it before the moment at which it is done.
 */
export class CacheDatabase {
  readonly path = join(mkdtempSync(join(tmpdir(), 'mesh-caches-')), 'database');
  readonly #book: VersionBook;
  readonly #random: Random;
  readonly #latencyMs: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(book: VersionBook, random: Random, latencyMs: number) {
    this.#book = book;
    this.#random = random;
    this.#latencyMs = latencyMs;
    this.#server = createServer((socket) => this.#serve(socket)).listen(this.path);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(join(this.path, '..'), { recursive: true });
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    createInterface({ input: socket })
      .on('line', (text) => this.#take(JSON.parse(text) as Line, socket))
      // Of a process that was killed.
      .on('error', () => undefined);
  }

  #take(line: Line, socket: Socket): void {
    if ('told' in line) {
      for (const [key, version] of line.told) this.#book.tell(key, version, line.at);
      return;
    }
    const [before, after] = [this.#pause(), this.#pause()];
    later(before, () => {
      const value =
        'read' in line ? this.#book.newest(line.read) : this.#book.commit(line.commit, line.by, monotonicMs());
      later(after, () => {
        if (!socket.destroyed) socket.write(`${JSON.stringify({ call: line.call, value })}\n`);
      });
    });
  }

  #pause(): number {
    const most = this.#random.u32() % SLOW_EVERY === 0 ? SLOW_TIMES * this.#latencyMs : this.#latencyMs;
    return ((this.#random.u32() / 2 ** 32) * most) / 2;
  }
}

function later(ms: number, act: () => void): void {
  setTimeout(act, ms);
}
