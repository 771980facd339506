import type { MeshLogger } from '../options/mesh-logger.js';

/** What one bus has to say. A logger that throws is the user's, and harms nobody. */
export class BusLog {
  readonly #logger: MeshLogger;
  readonly #told = new Set<string>();

  constructor(logger: MeshLogger) {
    this.#logger = logger;
  }

  info(message: string): void {
    this.#write('log', message);
  }

  warn(message: string): void {
    this.#write('warn', message);
  }

  /** Warns the first time that this bus has something to say under the code. */
  warnOnce(code: string, message: string): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.#write('warn', message);
  }

  #write(level: 'log' | 'warn', message: string): void {
    try {
      this.#logger[level](message);
    } catch {
      // There is nowhere left to say it.
    }
  }
}
