import { setTimeout as pause } from 'node:timers/promises';
import { LossyLab, type LossyHost } from '../../support/lossy-lab.js';
import { ChaosNode } from './chaos-node.js';
import { faultsOf, type NodeReport } from './judge.js';
import { Ledger } from './ledger.js';

const NODES = 5;
const KEYS = 200;
/** Between two writes of one node. */
const WRITE_EVERY_MS = 12;
/** Everything that a fault brings about has come to its end by then, and much later than it should. */
const SETTLED_WITHIN_MS = 25_000;
const ASK_EVERY_MS = 100;

export interface ChaosOptions {
  /** Whether the nodes have the group, or the addresses of each other only. */
  readonly multicast: boolean;
  /** Its interval; a node is given up after five. */
  readonly heartbeat: number;
  /** They do not heed what they hear. */
  readonly evicts?: boolean;
}

/** How a mesh was when all was well with it. */
export interface Outcome {
  readonly reports: readonly NodeReport[];
  readonly resyncs: readonly NodeReport['resyncs'][number][];
  /** Datagrams that the kernel dropped. */
  readonly lost: number;
  readonly delivered: number;
}

/** Five instances of a service on hosts of their own, the store behind their caches, and traffic. */
export class ChaosMesh {
  readonly nodes: ChaosNode[] = [];
  readonly lab = new LossyLab(NODES);
  readonly #ledger = new Ledger(KEYS);
  readonly #options: ChaosOptions;
  readonly #killed: ChaosNode[] = [];

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.nodes.push(...this.lab.hosts.map((host, index) => this.#make(host, index)));
    await Promise.all(this.nodes.map((node) => node.start()));
    await Promise.all(this.nodes.map((node) => node.join(NODES - 1)));
  }

  /** All nodes write, for as long as the fault takes. */
  async writeDuring(fault: () => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const writers = this.nodes.map((node) => node.keepWriting(WRITE_EVERY_MS, stop.signal));
    try {
      await fault();
    } finally {
      stop.abort();
      await Promise.all(writers);
    }
  }

  async kill(node: ChaosNode): Promise<void> {
    await node.kill();
    this.#killed.push(node);
  }

  /** Another instance in place of one that has died, at its address. */
  async replace(dead: ChaosNode): Promise<ChaosNode> {
    const index = this.nodes.indexOf(dead);
    const node = this.#make(dead.at, index);
    this.nodes[index] = node;
    await node.start();
    await node.join(NODES - 1);
    return node;
  }

  /** Resolves as soon as nothing is stale and nothing missing; rejects with what is, when it stays so. */
  async settle(title: string, withinMs = SETTLED_WITHIN_MS): Promise<Outcome> {
    const began = performance.now();
    for (;;) {
      const living = this.nodes.filter((node) => node.lives);
      const reports = await Promise.all(living.map((node) => node.report()));
      const faults = faultsOf(this.#ledger, reports);
      const outcome = this.#outcome(reports);
      const tookMs = Math.round(performance.now() - began);
      if (faults.length === 0 || tookMs > withinMs) tell(title, outcome, tookMs);
      if (faults.length === 0) return outcome;
      if (tookMs > withinMs) throw new Error(`not settled within ${withinMs} ms: ${inShort(faults)}`);
      await pause(ASK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.nodes, ...this.#killed].map((node) => node.kill()));
    this.lab.close();
  }

  #make(host: LossyHost, index: number): ChaosNode {
    const { multicast, heartbeat, evicts } = this.#options;
    const others = this.lab.hosts.filter((other) => other !== host).map(({ address }) => address);
    const ways = multicast ? {} : { group: false, peers: others };
    return new ChaosNode(host, this.#ledger, Math.floor((index * KEYS) / NODES), {
      ...{ heartbeat, ...ways, ...(evicts !== undefined && { evicts }) },
    });
  }

  #outcome(reports: readonly NodeReport[]): Outcome {
    const delivered = reports.reduce((sum, { metrics }) => sum + metrics.delivered, 0);
    return { reports, resyncs: reports.flatMap(({ resyncs }) => resyncs), lost: this.lab.lost, delivered };
  }
}

function inShort(faults: readonly string[]): string {
  const more = faults.length > 20 ? ` … and ${faults.length - 20} more` : '';
  return `${faults.slice(0, 20).join('; ')}${more}`;
}

/** A line for who reads along: that the numbers are there is asserted, how large they are is of interest. */
function tell(title: string, { reports, resyncs, lost, delivered }: Outcome, tookMs: number): void {
  const sum = (name: string): number =>
    reports.reduce((total, { metrics }) => total + ((metrics as unknown as Record<string, number>)[name] ?? 0), 0);
  const counters = ['gaps', 'repaired', 'nacksSent', 'repairsSent', 'duplicates', 'lost'];
  const reasons = [...new Set(resyncs.map(({ reason, all }) => `${reason}${all ? ' (all)' : ''}`))];
  process.stdout.write(
    `  ${title}: dropped ${lost}, delivered ${delivered}, ` +
      `${counters.map((name) => `${name} ${sum(name)}`).join(', ')}, ` +
      `resyncs ${resyncs.length} ${reasons.join(', ')}, settled after ${tookMs} ms\n`,
  );
}
