import type { LabProcess } from '../../support/lab-process.js';
import { randomPort } from '../../support/random-port.js';
import type { Bench } from './measurement.js';
import { child } from './stream.js';

export type AppKind = 'bare' | 'mesh' | 'redis';

/** Starts applications, each in a new process, beside peers or a server that stay. */
export class AppLauncher {
  readonly #kind: AppKind;
  readonly #port: number;
  readonly #peerCount: number;
  readonly #peers: LabProcess | undefined;

  private constructor(kind: AppKind, port: number, peerCount: number) {
    this.#kind = kind;
    this.#port = port;
    this.#peerCount = peerCount;
    if (kind === 'mesh') this.#peers = child('peers', { port, count: peerCount });
  }

  static async open(kind: AppKind, peerCount: number, { servers }: Bench): Promise<AppLauncher> {
    const port = kind === 'redis' ? await servers.port('redis') : randomPort();
    const launcher = new AppLauncher(kind, port, peerCount);
    await launcher.#peers?.call('start');
    return launcher;
  }

  /** Tells of an application that has started, and ends it. */
  async launch<T>(look: (app: LabProcess, startMs: number) => T | Promise<T>): Promise<T> {
    const app = child('app', { kind: this.#kind, port: this.#port });
    try {
      return await look(app, (await app.call('start', this.#peerCount)) as number);
    } finally {
      await app.call('stop').catch(() => undefined);
      await app.kill();
    }
  }

  async close(): Promise<void> {
    await this.#peers?.kill();
  }
}
