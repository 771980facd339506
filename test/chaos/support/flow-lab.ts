import type { MeshMetrics } from 'nestjs-mesh/bus';
import { LabProcess } from '../../support/lab-process.js';
import { LossyLab } from '../../support/lossy-lab.js';

const SCRIPT = new URL('../children/flow-node.mjs', import.meta.url);
const CHUNK = 1000;

interface FlowReport {
  /** Keys heard once, and keys heard more often. */
  readonly once: number;
  readonly again: number;
  readonly resyncs: readonly { readonly reason: string; readonly all: boolean }[];
  readonly metrics: MeshMetrics;
  readonly receiveBufferBytes: number;
}

export interface FlowOptions {
  readonly receivers: number;
  readonly count: number;
  readonly receiveBufferBytes: number;
  readonly multicast: boolean;
}

/** One node that publishes numbered keys, and those that count them, on hosts of their own. */
export class FlowLab {
  readonly lab: LossyLab;
  readonly publisher: LabProcess;
  readonly receivers: readonly LabProcess[];
  readonly #count: number;

  constructor({ receivers, count, receiveBufferBytes, multicast }: FlowOptions) {
    this.#count = count;
    this.lab = new LossyLab(receivers + 1);
    const addresses = this.lab.hosts.map(({ address }) => address);
    const [publisher, ...others] = this.lab.hosts.map(
      ({ host, address }) =>
        new LabProcess(
          SCRIPT,
          {
            ...{ count, receiveBufferBytes, heartbeat: 1000 },
            ...(multicast ? {} : { group: false, peers: addresses.filter((other) => other !== address) }),
          },
          host,
        ),
    );
    this.publisher = publisher!;
    this.receivers = others;
  }

  async start(): Promise<void> {
    const all = [this.publisher, ...this.receivers];
    await Promise.all(all.map((node) => node.call('start')));
    await Promise.all(all.map((node) => node.call('waitForPeers', this.receivers.length)));
    await Promise.all(all.map((node) => node.call('forgetResyncs')));
  }

  /** Resolves with the milliseconds that it took the publisher. */
  async publish(from = 0, to = this.#count): Promise<number> {
    return (await this.publisher.call('publish', from, to, CHUNK)) as number;
  }

  /** Each of them has heard every key, or was told to let go of it. */
  async knowAll(receivers: readonly LabProcess[]): Promise<void> {
    await Promise.all(receivers.map((node) => node.call('knowsAll')));
  }

  report(node: LabProcess): Promise<FlowReport> {
    return node.call('report') as Promise<FlowReport>;
  }

  /** Datagrams that the kernels dropped because a socket's buffer was full. */
  get overruns(): readonly number[] {
    return this.lab.hosts.map((host) => host.overruns);
  }

  async close(): Promise<void> {
    await Promise.all([this.publisher, ...this.receivers].map((node) => node.kill()));
    this.lab.close();
  }
}
