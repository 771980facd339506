import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const STOP_DEADLINE_MS = 10_000;

/** A command that a user would type, run from the root, with everything that it starts. */
export class Program {
  /** Code, or the name of the signal. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #output = '';
  #running = true;

  /** Its standard input is empty, or what {@link type} gives. */
  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, input: 'none' | 'typed' = 'none') {
    // A group of its own, so that whatever it starts can be ended with it, and nothing else.
    this.#child = spawn(command, args, {
      cwd: ROOT,
      detached: true,
      env: { ...process.env, ...env },
      stdio: [input === 'typed' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        this.#running = false;
        this.#take('');
        resolve(code ?? String(signal));
      });
    });
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Resolves with the match as soon as the output has one, behind its first `from` characters. */
  saying(pattern: RegExp, deadlineMs = 30_000, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        settle();
      };
      const fail = (why: string): void =>
        finish(() => reject(new Error(`it did not say ${String(pattern)} ${why}:\n${this.#output}`)));
      const check = (): void => {
        const match = pattern.exec(this.#output.slice(from));
        if (match !== null) finish(() => resolve(match));
        else if (!this.#running) fail('before its end');
      };
      const timer = setTimeout(() => fail(`within ${deadlineMs} ms`), deadlineMs);
      this.#watchers.add(check);
      check();
    });
  }

  /** To all that it has started too, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    if (this.#running && this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_DEADLINE_MS);
    await this.ended.catch(() => undefined);
    clearTimeout(timer);
  }

  #take(text: string): void {
    this.#output += text;
    for (const watch of [...this.#watchers]) watch();
  }
}

/** Another process tells by HTTP only when it is asked, and to ask without a pause would take the time that it needs. */
const ASK_EVERY_MS = 25;

/** Asks until the answer fits; the last one that did not is told when time is over. */
export async function eventually<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  deadlineMs: number,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer)) return answer;
    if (performance.now() > endsAt) throw new Error(`not within ${deadlineMs} ms; lastly ${JSON.stringify(answer)}`);
    await pause(ASK_EVERY_MS);
  }
}
