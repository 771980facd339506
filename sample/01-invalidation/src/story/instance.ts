import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MeshSnapshot } from 'nestjs-mesh';
import type { NetworkReport, NetworkState } from '../network/network-state.js';
import type { CacheReport } from '../products/cache.controller.js';
import type { Product } from '../products/product.js';
import type { CachedRead } from '../products/products.cache.js';
import type { Written } from '../products/products.service.js';
import { StoryFailure } from './story-failure.js';

const START = fileURLToPath(new URL('../start.js', import.meta.url));
const JSON_HEADERS = { 'content-type': 'application/json' };
const REQUEST_TIMEOUT_MS = 5000;
const STOP_TIMEOUT_MS = 5000;
const LINES_KEPT = 20;

/** One instance in a process of its own, and what the story says to it: HTTP, as anybody would. */
export class Instance {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  /** Resolves when the process has ended, with how. */
  readonly ended: Promise<string>;
  /** When it was started or, later, has ended, on the clock of `performance.now()`. */
  changedAt = performance.now();
  onLine: (line: string) => void = () => undefined;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];

  constructor(name: string, port: number, env: NodeJS.ProcessEnv) {
    this.name = name;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, [START, 'instance', '--port', String(port)], {
      env: { ...process.env, ...env, INSTANCE: name, NO_COLOR: '1' },
      // Ctrl-C is for the story, which then ends its instances one way for all systems.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#process = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code === null ? `by ${String(signal)}` : `with code ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    child.once('exit', () => (this.changedAt = performance.now()));
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

  read(id: number): Promise<CachedRead> {
    return this.#request(`/products/${id}`);
  }

  write({ id, name, price }: Product): Promise<Written> {
    return this.#put(`/products/${id}`, { name, price });
  }

  cache(): Promise<CacheReport> {
    return this.#request('/cache');
  }

  mesh(): Promise<MeshSnapshot> {
    return this.#request('/mesh');
  }

  network(): Promise<NetworkReport> {
    return this.#request('/network');
  }

  changeNetwork(state: NetworkState): Promise<NetworkReport> {
    return this.#put('/network', state);
  }

  /** The mesh as the instance sees it, or `undefined` as long as it does not listen. */
  async meshIfUp(): Promise<MeshSnapshot | undefined> {
    try {
      return await this.mesh();
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
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

  #put<T>(path: string, body: unknown): Promise<T> {
    return this.#request(path, { method: 'PUT', headers: JSON_HEADERS, body: JSON.stringify(body) });
  }

  async #request<T>(path: string, init?: RequestInit): Promise<T> {
    const response = await fetch(this.url + path, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (response.ok) return (await response.json()) as T;
    throw new StoryFailure(`${this.name} answered ${path} with ${response.status}: ${await response.text()}`);
  }

  #keep(text: string): void {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT) this.#lines.shift();
      this.onLine(line);
    }
  }
}
