import type { Instant } from '../primitives/instant.js';
import { FlowReports } from './flow-reports.js';
import { Hearsay } from './hearsay.js';
import { LastWords } from './last-words.js';
import type { NodeContext } from './node-context.js';
import { Recovery } from './recovery.js';
import { Repairer } from './repairer.js';
import type { Departure } from './roster.js';
import { Tail } from './tail.js';

/** All that sees to it that nothing is missed in silence. */
export class Reliability {
  readonly recovery: Recovery;
  readonly repairer: Repairer;
  readonly lastWords: LastWords;
  readonly hearsay: Hearsay;
  readonly reports: FlowReports;
  readonly tail: Tail;
  readonly #context: NodeContext;

  /** @param isIsolated whether everyone has fallen silent: then there is nobody to ask */
  constructor(context: NodeContext, isIsolated: () => boolean) {
    this.#context = context;
    this.recovery = new Recovery(context, isIsolated);
    this.repairer = new Repairer(context);
    this.lastWords = new LastWords(context, this.recovery);
    this.hearsay = new Hearsay(context, this.recovery, this.lastWords);
    this.reports = new FlowReports(context);
    this.tail = new Tail(context, this.repairer);
  }

  deadline(): Instant {
    return Math.min(
      this.recovery.deadline(),
      this.lastWords.deadline(),
      this.reports.deadline(),
      this.tail.deadline(),
      this.#context.flow.deadline(),
      this.#context.assemblies.deadline(),
    );
  }

  handleTimeout(now: Instant): void {
    this.recovery.handleTimeout(now);
    this.lastWords.handleTimeout(now);
    this.reports.handleTimeout(now);
    this.tail.handleTimeout(now);
    this.#context.assemblies.handleTimeout(now);
  }

  /** This process stood still: that time does not count against the others. */
  forgive(lateness: number): void {
    this.recovery.forgive(lateness);
    this.lastWords.forgive(lateness);
    this.#context.assemblies.forgive(lateness);
  }

  /** A member has gone: what is missing of it is asked for elsewhere, and what it said last of all who live. */
  follow(now: Instant, { member, how }: Departure): void {
    const stream = this.#context.streams.get(member.id);
    this.lastWords.dropWitness(member.id);
    if (stream === undefined || this.#context.members.get(member.id) !== undefined) return;
    this.recovery.restart(now, stream);
    if (how === 'dead' && member.confirmed) this.lastWords.open(now, member.id);
  }
}
