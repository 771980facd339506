import { setTimeout as pause } from 'node:timers/promises';
import { LabProcess } from '../../support/lab-process.js';
import type { LossyHost } from '../../support/lossy-lab.js';
import type { NodeReport, Resync } from './judge.js';
import type { Ledger } from './ledger.js';

const SCRIPT = new URL('../children/cache-node.mjs', import.meta.url);
/** One write of so many is of a pattern, and one of so many has data. */
const PATTERN_EVERY = 25;
const DATA_EVERY = 3;

/** What the process asks and tells. */
type Question = { readonly read: readonly string[] } | Omit<Resync, 'writes'>;
/** What it says of itself when it is asked. */
type Report = Omit<NodeReport, 'id' | 'since' | 'resyncs'>;

/** One instance of the service, in a process on a host. */
export class ChaosNode {
  readonly at: LossyHost;
  readonly #process: LabProcess;
  readonly #ledger: Ledger;
  readonly #order: readonly string[];
  #id = '';
  #since = 0;
  #told = 0;
  #resyncs: Resync[] = [];

  /** @param place where it begins its way through the keys */
  constructor(at: LossyHost, ledger: Ledger, place: number, options: object) {
    this.at = at;
    this.#ledger = ledger;
    const { keys } = ledger;
    this.#order = [...keys.slice(place), ...keys.slice(0, place)];
    this.#process = new LabProcess(SCRIPT, { keys, evicts: true, ...options }, at.host, (question) =>
      this.#answer(question as Question),
    );
  }

  get id(): string {
    return this.#id;
  }

  get lives(): boolean {
    return this.#process.running;
  }

  /** It has told some name for the second time. */
  get repeatsItself(): boolean {
    return this.#told > this.#order.length;
  }

  async start(): Promise<void> {
    this.#id = (await this.#process.call('start')) as string;
  }

  /** It knows so many others, and fills its cache from now on. */
  async join(others: number): Promise<void> {
    await this.#process.call('waitForPeers', others);
    this.#since = this.#ledger.writes.length;
    this.#resyncs = [];
    await this.#process.call('fill');
  }

  /** Writes the next key, or all keys that begin alike, and tells the others. */
  async write(): Promise<void> {
    const turn = this.#told++;
    const key = this.#order[turn % this.#order.length]!;
    const matching = turn % PATTERN_EVERY === PATTERN_EVERY - 1;
    const name = matching ? `${key}*` : key;
    this.#ledger.write(this.#id, name);
    if (matching) await this.#process.call('publishMatching', name);
    else await this.#process.call('publish', key, turn % DATA_EVERY === 0);
  }

  /** Writes on and on, until it is told to stop or dies. */
  async keepWriting(everyMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.write().catch((error: unknown) => {
        // What was under way when it was killed is lost with it.
        if (this.lives) throw error;
      });
      if (!this.lives) return;
      await pause(everyMs);
    }
  }

  async report(): Promise<NodeReport> {
    const report = (await this.#process.call('report')) as Report;
    return { ...report, id: this.#id, since: this.#since, resyncs: [...this.#resyncs] };
  }

  pause(): void {
    this.#process.pause();
  }

  resume(): void {
    this.#process.resume();
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  #answer(question: Question): unknown {
    if ('read' in question) return this.#ledger.read(question.read);
    this.#resyncs.push({ ...question, writes: this.#ledger.writes.length });
    return undefined;
  }
}
