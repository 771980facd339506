import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import type { AckPacket } from '../wire/repair-packet.js';
import { ackOf } from './flow-reports.js';
import type { NodeContext } from './node-context.js';
import { LINGER_MS } from './recovery.js';

/** Goodbye is said at these times after the last event went out: a lost one costs the others 5 heartbeats. */
const GOODBYES_MS = [0, 10, 30] as const;
/** What could not be sent by then is named by its buckets: with what follows it makes a second. */
const FLUSH_TIMEOUT_MS = 499;
/** The last datagram with events goes out before the goodbye that names its sequence. */
const LAST_WORD_MS = 1;

/**
 * How a node goes: what waits is sent, then every member is told, three times, and what any of them has missed is
 * repeated for a moment more. Once all have said that they have everything, there is nothing to wait for.
 */
export class Leaving {
  readonly #context: NodeContext;
  #state: 'staying' | 'flushing' | 'closing-off' | 'greeting' | 'gone' = 'staying';
  #nextAt: Instant = NEVER;
  #startedAt: Instant = NEVER;
  #said = 0;
  /** Who has not said that it has everything. */
  #behind = new Set<NodeId>();

  constructor(context: NodeContext) {
    this.#context = context;
  }

  get active(): boolean {
    return this.#state !== 'staying';
  }

  start(now: Instant): void {
    this.#state = 'flushing';
    this.#startedAt = now;
    this.#nextAt = now + FLUSH_TIMEOUT_MS;
  }

  /** What was waited for may have come to nothing while datagrams were handed out: then there is no reason to wait. */
  deadline(flushed: boolean): Instant {
    if (this.#state === 'flushing' && flushed) return this.#startedAt;
    return this.#state === 'greeting' && this.#behind.size === 0 && flushed ? this.#startedAt : this.#nextAt;
  }

  /** Whether what waits can not be sent in time. Says so once. */
  takeFlushOverdue(now: Instant): boolean {
    if (this.#state !== 'flushing' || now < this.#nextAt) return false;
    this.#state = 'closing-off';
    this.#nextAt = now + LAST_WORD_MS;
    return true;
  }

  /** Moves on as far as it can. `flushed`: nothing waits and nothing is with the kernel. Returns `true` once, at the end. */
  proceed(now: Instant, flushed: boolean): boolean {
    if (this.#state === 'flushing' && flushed) this.#startGreeting(now);
    if (this.#state === 'closing-off' && now >= this.#nextAt) this.#startGreeting(now);
    if (this.#state !== 'greeting') return false;
    while (now >= this.#nextAt && this.#said < GOODBYES_MS.length) {
      this.#sayGoodbye();
      this.#said++;
      this.#nextAt = this.#startedAt + (GOODBYES_MS[this.#said] ?? LINGER_MS);
    }
    const isOver = this.#said === GOODBYES_MS.length && now >= this.#nextAt;
    if (!isOver && !(this.#behind.size === 0 && flushed)) return false;
    this.#state = 'gone';
    this.#nextAt = NEVER;
    return true;
  }

  /** A member that goes is told how far this node has come with it. */
  acknowledge(member: Member): void {
    const stream = this.#context.streams.get(member.id);
    if (stream !== undefined) this.#context.outbox.toOne(ackOf(this.#context, member, stream), member.endpoint);
  }

  handleAck(member: Member, { contiguous }: AckPacket): void {
    if (this.#state === 'greeting' && contiguous >= this.#context.highest) this.#behind.delete(member.id);
  }

  #startGreeting(now: Instant): void {
    this.#state = 'greeting';
    this.#startedAt = now;
    this.#nextAt = now;
    this.#behind = new Set([...this.#context.members.values()].map(({ id }) => id));
  }

  #sayGoodbye(): void {
    const { members, outbox, highest } = this.#context;
    for (const id of this.#behind) {
      const member = members.get(id);
      if (member === undefined) this.#behind.delete(id);
      else outbox.toOne({ kind: 'leave', ...this.#context.frameTo(member), highest }, member.endpoint);
    }
  }
}
