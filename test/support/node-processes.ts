import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { MeshMetrics, MeshOptions } from 'nestjs-mesh/bus';

import { Inbox } from './inbox.js';

const SCRIPT = fileURLToPath(new URL('../e2e/children/node.mjs', import.meta.url));

export type NodeReport =
  | { readonly kind: 'ready'; readonly id: string; readonly port: number }
  | { readonly kind: 'event'; readonly key: string; readonly origin: string }
  | { readonly kind: 'peer'; readonly id: string; readonly state: string }
  | { readonly kind: 'peers'; readonly count: number }
  | { readonly kind: 'published'; readonly key: string }
  | { readonly kind: 'metrics'; readonly metrics: MeshMetrics };

export type NodeCommand =
  | { readonly kind: 'await-peers'; readonly count: number }
  | { readonly kind: 'publish'; readonly key: string }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'close' };

/** A mesh node in a process of its own. */
export class NodeProcess {
  readonly reports = new Inbox<NodeReport>();
  readonly #child: ChildProcess;

  constructor(options: MeshOptions) {
    this.#child = fork(SCRIPT, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => {
      this.reports.add(message as NodeReport);
    });
  }

  send(command: NodeCommand): void {
    this.#child.send(command);
  }

  async report<K extends NodeReport['kind']>(kind: K, deadlineMs?: number): Promise<Extract<NodeReport, { kind: K }>> {
    const report = await this.reports.find((one) => one.kind === kind, deadlineMs);
    return report as Extract<NodeReport, { kind: K }>;
  }

  events(): readonly string[] {
    return this.reports.items.flatMap((report) => (report.kind === 'event' ? [report.key] : []));
  }

  /** Ends the process without a word, and resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.send({ kind: 'close' } satisfies NodeCommand);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}
