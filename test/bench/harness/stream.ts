import { LabProcess } from '../../support/lab-process.js';
import { randomPort } from '../../support/random-port.js';
import type { Bench, ServerKind } from './measurement.js';
import { freePort } from './servers.js';

/** This machine itself, and not a network namespace. */
const HERE = { prefix: [] };

/** Starts one of the scripts in `children` in a process of its own. */
export function child(script: string, options: unknown): LabProcess {
  return new LabProcess(new URL(`../children/${script}.mjs`, import.meta.url), options, HERE);
}

/** How the two ends of a transport are made. */
export interface StreamPlan {
  /** Of the sender; that of the receivers too, unless those name one. */
  readonly kind: string;
  readonly receiverKind?: string;
  readonly needs?: ServerKind;
  readonly receivers?: number;
  /** What the handler does with what it gets. */
  readonly hear?: 'count' | 'batch' | 'latency';
  readonly pattern?: string;
  /** With it what the mesh sends is sealed. */
  readonly secret?: string;
  /** How many are emitted before one is awaited. */
  readonly chunk?: number;
}

export interface Heard {
  readonly count: number;
  /** In ms, on the monotonic clock of the machine. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** In µs. */
  readonly latencies: readonly number[];
}

/** One process that sends, and one or more that receive. */
export class Stream {
  readonly sender: LabProcess;
  readonly receivers: readonly LabProcess[];

  private constructor(plan: StreamPlan, port: number) {
    const { kind, receivers = 1, receiverKind = kind, hear = 'count', pattern = 'product:*', chunk = 512 } = plan;
    const options = { port, receivers, hear, pattern, chunk, secret: plan.secret };
    this.receivers = Array.from({ length: receivers }, () => child('receiver', { ...options, kind: receiverKind }));
    this.sender = child('sender', { ...options, kind });
  }

  static async open(plan: StreamPlan, { servers }: Bench): Promise<Stream> {
    const stream = new Stream(plan, await portOf(plan, servers));
    try {
      await Promise.all(stream.receivers.map((receiver) => receiver.call('start')));
      await stream.sender.call('start');
    } catch (error) {
      await stream.close();
      throw error;
    }
    return stream;
  }

  /** Sends, and tells what each receiver has heard of it. */
  async send(count: number, call: string, ...args: readonly unknown[]): Promise<readonly Heard[]> {
    await Promise.all(this.receivers.map((receiver) => receiver.call('expect', count)));
    const sent = this.sender.call(call, count, ...args);
    await sent;
    return Promise.all(this.receivers.map((receiver) => receiver.call('hears') as Promise<Heard>));
  }

  async close(): Promise<void> {
    const processes = [this.sender, ...this.receivers];
    // It may be closed because one of them has ended.
    await Promise.allSettled(processes.map((process) => process.call('writeProfile')));
    await Promise.all(processes.map((process) => process.kill()));
  }
}

function portOf({ kind, needs }: StreamPlan, servers: Bench['servers']): number | Promise<number> {
  if (needs !== undefined) return servers.port(needs);
  return kind === 'tcp' ? freePort() : randomPort();
}
