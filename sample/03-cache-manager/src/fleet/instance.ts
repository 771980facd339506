import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Product } from '../products/product.js';
import type { InstanceReport } from '../watch/instance-report.js';
import { Failure } from './failure.js';

const START = fileURLToPath(new URL('../start.js', import.meta.url));
const REQUEST_TIMEOUT_MS = 5000;
const STOP_TIMEOUT_MS = 5000;
const LINES_KEPT = 20;

/** One instance in a process of its own, and what is said to it: HTTP, as anybody would. */
export class Instance {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];

  constructor(name: string, port: number, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, [START, 'instance', '--port', String(port)], {
      env: { ...process.env, ...env, INSTANCE: name, NO_COLOR: '1' },
      // Ctrl-C is for the process that started this one, which then ends its instances one way for all systems.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code === null ? `by ${String(signal)}` : `with code ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The last lines that the instance wrote. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  prices(): Promise<Readonly<Record<string, number>>> {
    return this.#request('GET', '/products');
  }

  read(id: number): Promise<Product> {
    return this.#request('GET', `/products/${id}`);
  }

  changePrice(id: number, price: number): Promise<Product> {
    return this.#request('PUT', `/products/${id}/price/${price}`);
  }

  swapPrices(first: number, second: number): Promise<readonly Product[]> {
    return this.#request('POST', '/products/swap', { first, second });
  }

  async raiseAll(by: number): Promise<void> {
    await this.#request('POST', `/products/raise/${by}`);
  }

  async clearCache(): Promise<void> {
    await this.#request('DELETE', '/cache');
  }

  report(): Promise<InstanceReport> {
    return this.#request('GET', '/report');
  }

  /** How the instance stands, or `undefined` as long as it does not listen. */
  async reportIfUp(): Promise<InstanceReport | undefined> {
    try {
      return await this.report();
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** Has it write a new price, commit that, and die before it tells anybody. Resolves with how it has ended. */
  async crashAfterCommit(id: number): Promise<string> {
    try {
      await this.#request('POST', `/products/${id}/crash-after-commit`);
    } catch (error) {
      // It answers only when it does not do so.
      if (error instanceof TypeError) return this.ended;
      throw error;
    }
    throw new Failure(`${this.name} was to crash, and has answered`);
  }

  /** Pulls the plug: it says no goodbye. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  /** Ends the process: gracefully, or after some time not. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(timer);
  }

  async #request<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.ok) return (await response.json()) as T;
    throw new Failure(`${this.name} answered ${method} ${path} with ${response.status}: ${await response.text()}`);
  }

  #keep(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
    }
  }
}
