import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { randomFraction } from '../primitives/random.js';
import { DEAD_HEARTBEATS } from '../membership/failure-judgement.js';
import type { InboundStream } from '../reliability/inbound-stream.js';
import type { NodeContext } from './node-context.js';
import type { Recovery } from './recovery.js';

/** Up to so many are asked at once; of more, heartbeats are awaited first, which say it without being asked. */
const FEW_MEMBERS = 16;
const HEARTBEATS_AWAITED = 2;
const ASK_PAUSE_MS = 250;
/** Questions between two such pauses, of all inquests: where many die at once, each of many would ask all about each. */
const ASKS_PER_PAUSE = 64;
/** Those who notice a death together do not all ask at the same moment. */
const ASK_SPREAD_MS = 10;

interface Inquest {
  readonly stream: InboundStream;
  readonly awaiting: Set<NodeId>;
  /** Whether anybody has known the dead. */
  known: boolean;
  askAt: Instant;
  giveUpAt: Instant;
}

/**
 * What the dead have said last. Whoever died without a goodbye may have been heard by some and not by others, so all who
 * live are asked. Once they have answered nothing is unknown that any of them heard; if they can not, all is unknown.
 */
export class LastWords {
  readonly #context: NodeContext;
  readonly #recovery: Recovery;
  readonly #inquests = new Map<NodeId, Inquest>();
  #nextAt: Instant = NEVER;
  #roundAt: Instant = -NEVER;
  #asksLeft = 0;

  constructor(context: NodeContext, recovery: Recovery) {
    this.#context = context;
    this.#recovery = recovery;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** A member has died. */
  open(now: Instant, id: NodeId): void {
    const { members, streams, config } = this.#context;
    const stream = streams.get(id);
    if (stream === undefined) return;
    const awaiting = new Set<NodeId>();
    for (const member of members.values()) if (member.confirmed) awaiting.add(member.id);
    const pause = awaiting.size > FEW_MEMBERS ? HEARTBEATS_AWAITED * config.heartbeatMs : 0;
    const inquest: Inquest = {
      stream,
      awaiting,
      known: false,
      askAt: now + pause + ASK_SPREAD_MS * randomFraction(config.random),
      giveUpAt: now + pause + DEAD_HEARTBEATS * config.heartbeatMs,
    };
    this.#inquests.set(id, inquest);
    this.#review(inquest);
    this.#nextAt = Math.min(this.#nextAt, inquest.askAt);
  }

  /** The dead has come back, and speaks for itself. */
  close(id: NodeId): void {
    this.#inquests.delete(id);
  }

  /** Everyone is silent: there is nobody to ask, and all will count as missed when that ends. */
  clear(): void {
    this.#inquests.clear();
  }

  /** A member has said what it knows of the dead: maybe that it never knew it. */
  answered(about: NodeId, member: NodeId, known: boolean): void {
    const inquest = this.#inquests.get(about);
    if (inquest?.awaiting.delete(member) !== true) return;
    inquest.known ||= known;
    this.#review(inquest);
  }

  /** A member has gone too, and will not answer. */
  dropWitness(id: NodeId): void {
    for (const inquest of this.#inquests.values()) if (inquest.awaiting.delete(id)) this.#review(inquest);
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = NEVER;
    for (const [id, inquest] of this.#inquests) {
      if (now >= inquest.giveUpAt) {
        this.#inquests.delete(id);
        this.#recovery.giveUp(inquest.stream);
        continue;
      }
      if (now >= inquest.askAt) this.#ask(now, inquest);
      this.#nextAt = Math.min(this.#nextAt, inquest.askAt, inquest.giveUpAt);
    }
  }

  /** This process stood still: that time does not count against the others. */
  forgive(lateness: number): void {
    for (const inquest of this.#inquests.values()) inquest.giveUpAt += lateness;
  }

  #ask(now: Instant, inquest: Inquest): void {
    if (now >= this.#roundAt + ASK_PAUSE_MS) this.#startRound(now);
    const { awaiting } = inquest;
    const asking = [...awaiting].slice(0, this.#asksLeft);
    this.#asksLeft -= asking.length;
    const askedAll = asking.length === awaiting.size;
    inquest.askAt = (askedAll ? now : this.#roundAt) + ASK_PAUSE_MS;
    if (askedAll) this.#moveBehind(inquest);
    for (const id of asking) {
      awaiting.delete(id);
      const member = this.#context.members.get(id);
      if (member === undefined) continue;
      this.#recovery.askOf(inquest.stream, member);
      // Behind those who have not been asked yet.
      awaiting.add(id);
    }
    this.#review(inquest);
  }

  /** Others are asked about first, next time. */
  #moveBehind(inquest: Inquest): void {
    this.#inquests.delete(inquest.stream.id);
    this.#inquests.set(inquest.stream.id, inquest);
  }

  #startRound(now: Instant): void {
    this.#roundAt = now;
    this.#asksLeft = ASKS_PER_PAUSE;
  }

  #review(inquest: Inquest): void {
    if (inquest.awaiting.size > 0) return;
    this.#inquests.delete(inquest.stream.id);
    // What is missing by what others know is asked for; what nobody can tell of counts as missed.
    if (!inquest.known) this.#recovery.giveUp(inquest.stream);
  }
}
