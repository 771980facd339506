import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { LabProcess } from '../../support/lab-process.js';
import { LossyLab } from '../../support/lossy-lab.js';
import type { Contest, Pace } from './contests.js';
import type { Figures } from './figures.js';

const NODES = 5;

interface Counters {
  readonly nacks: number;
  readonly repairs: number;
  readonly resyncs: number;
}

type Sent = Readonly<Record<'events' | 'publishes', number>>;

/** Five contestants of one kind on hosts of their own, at one loss. */
export class Arena {
  readonly loss: number;
  readonly #contest: Contest;
  readonly #lab: LossyLab;
  readonly #nodes: readonly LabProcess[];
  readonly #broker: ChildProcess | undefined;
  /** Of each node, how much it should have heard and has not. */
  readonly #owed = new Array<number>(NODES).fill(0);
  #closed: Promise<void> | undefined;

  /** @param loss a share of all packets */
  constructor(contest: Contest, loss: number) {
    this.loss = loss;
    this.#contest = contest;
    this.#lab = new LossyLab(contest.broker === true ? NODES + 1 : NODES);
    const hosts = this.#lab.hosts.slice(0, NODES);
    const broker = this.#lab.hosts[NODES];
    if (broker !== undefined) this.#broker = spawnRedis(broker.host.prefix, broker.address);
    this.#nodes = hosts.map(({ host, address }, index) => {
      const others = hosts.map((other) => other.address).filter((other) => other !== address);
      const options = { index, address, others, broker: broker?.address, ...contest.options };
      return new LabProcess(contest.script, options, host);
    });
  }

  /** Everyone has met; from then on packets are lost. */
  async start(): Promise<void> {
    await this.#everyone('start');
    await this.#everyone('meet');
    if (this.loss > 0) this.#lab.lose(this.loss * 1000);
  }

  /** Tells what should have been heard by now, and how much of it came once nothing was lost any more. */
  async recover(withinMs: number): Promise<{ readonly owed: number; readonly came: number }> {
    this.#lab.heal();
    const owed = this.#owed.reduce((sum, count) => sum + count, 0);
    await this.#everyone('hearsAll', (index) => [this.#owed[index], withinMs]);
    const came = (await this.#take()).reduce((sum, latencies) => sum + latencies.length, 0);
    return { owed, came };
  }

  async measure(pace: Pace, roundCount: number): Promise<Figures> {
    const [before, bytes, dropped] = [await this.#counters(), this.#bytes, this.#lab.lost];
    const rounds: number[][] = [];
    let [publishes, due] = [0, 0];
    for (let round = 0; round < roundCount; round++) {
      const sent = await this.#publish(pace);
      const events = sent.reduce((sum, one) => sum + one.events, 0);
      const dueOf = (index: number): number => events - (sent[index]?.events ?? 0);
      await this.#everyone('hearsAll', (index) => [dueOf(index), this.#contest.patienceMs]);
      const taken = await this.#take();
      taken.forEach((latencies, index) => (this.#owed[index] = this.#owed[index]! + dueOf(index) - latencies.length));
      rounds.push(taken.flat());
      publishes += sent.reduce((sum, one) => sum + one.publishes, 0);
      due += events * (NODES - 1);
    }
    const after = await this.#counters();
    return {
      ...{
        rounds,
        publishes,
        receivers: NODES - 1,
        due,
        bytes: this.#bytes - bytes,
        dropped: this.#lab.lost - dropped,
      },
      nacks: after.nacks - before.nacks,
      repairs: after.repairs - before.repairs,
      resyncs: after.resyncs - before.resyncs,
    };
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.kill()));
    if (this.#broker !== undefined && this.#broker.exitCode === null && this.#broker.signalCode === null) {
      const gone = once(this.#broker, 'exit');
      this.#broker.kill('SIGKILL');
      await gone;
    }
    this.#lab.close();
  }

  /** The latencies of each node since the last time. */
  async #take(): Promise<readonly (readonly number[])[]> {
    const taken = (await this.#everyone('take')) as { readonly latencies: readonly number[] }[];
    return taken.map(({ latencies }) => latencies);
  }

  #publish(pace: Pace): Promise<readonly Sent[]> {
    const publishers = pace.everyone ? this.#nodes : this.#nodes.slice(0, 1);
    return Promise.all(publishers.map((node) => node.call('publishAtPace', pace) as Promise<Sent>));
  }

  async #counters(): Promise<Counters> {
    const all = (await this.#everyone('counters')) as Counters[];
    const sum = (name: keyof Counters): number => all.reduce((total, counters) => total + counters[name], 0);
    return { nacks: sum('nacks'), repairs: sum('repairs'), resyncs: sum('resyncs') };
  }

  #everyone(call: string, argsOf: (index: number) => readonly unknown[] = () => []): Promise<unknown[]> {
    return Promise.all(this.#nodes.map((node, index) => node.call(call, ...argsOf(index))));
  }

  /** That all hosts have sent, from the head of the Ethernet frame on. */
  get #bytes(): number {
    return this.#lab.hosts.reduce(
      (sum, { host }) => sum + Number(host.exec('cat', '/sys/class/net/eth0/statistics/tx_bytes')),
      0,
    );
  }
}

function spawnRedis(prefix: readonly string[], address: string): ChildProcess {
  const options = ['--bind', address, '--save', '', '--appendonly', 'no', '--protected-mode', 'no'];
  const [command, ...args] = [...prefix, 'redis-server', ...options];
  return spawn(command!, args, { stdio: 'ignore' });
}
