import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Written } from './products.controller.js';
import type { Product } from './products.store.js';
import type { StatsOfAll } from './stats.controller.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const REQUEST_TIMEOUT_MS = 5000;
const STOP_TIMEOUT_MS = 5000;

/** One instance in a process of its own, and what is said to it: HTTP, as anybody would. */
export class Instance {
  readonly name: string;
  url = '';
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  constructor(name: string, env: NodeJS.ProcessEnv) {
    this.name = name;
    // As it writes warnings and errors alone, they may stand among what is told.
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    this.#process = fork(MAIN, [], { env: { ...process.env, ...env, INSTANCE: name }, stdio: [...stdio] });
    this.ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) =>
        resolve(code === null ? `by ${String(signal)}` : `with code ${code}`),
      );
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves when it listens, with where. */
  async up(): Promise<string> {
    const [url] = (await once(this.#process, 'message')) as [string];
    this.url = url;
    return url;
  }

  stats(): Promise<StatsOfAll> {
    return this.#request('/stats');
  }

  read(id: number): Promise<Product> {
    return this.#request(`/products/${id}`);
  }

  /** What it answers, with the status in front. */
  async write({ id, price }: Product): Promise<Written & { readonly status: number }> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'PUT', headers, body: JSON.stringify({ price }) };
    const response = await this.#fetch(`/products/${id}`, init);
    return { status: response.status, ...((await response.json()) as Written) };
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async stop(): Promise<void> {
    // One that stands still hears of nothing else.
    if (process.platform !== 'win32') this.signal('SIGCONT');
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async #request<T>(path: string): Promise<T> {
    return (await (await this.#fetch(path)).json()) as T;
  }

  async #fetch(path: string, init?: RequestInit): Promise<Response> {
    const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (response.ok) return response;
    throw new Error(`${this.name} answered ${path} with ${response.status}: ${await response.text()}`);
  }
}
