import { type Instant, NEVER } from '../primitives/instant.js';
import type { Member } from '../membership/member.js';
import { bufferCost, USUAL_WINDOW_BYTES } from '../reliability/flow-window.js';
import type { InboundStream } from '../reliability/inbound-stream.js';
import { MAX_EVENT_DATAGRAM_BYTES } from '../wire/packet.js';
import type { AckPacket } from '../wire/repair-packet.js';
import type { NodeContext } from './node-context.js';

/** A sender is told how far this node has read after so many datagrams, or after a third of what it may send unreported. */
const REPORT_COUNT = 32;
const WINDOW_PARTS = 3;
/** Nor later than after two of these. */
const LATEST_PARTS = 2;
/** Or after this time, if at least some came: a sender that is held back waits for it. Whoever pauses for so long is not. */
const REPORT_MS = 20;
const LONGEST_REPORT_MS = 160;
const WORTH_REPORTING = 4;
const FULL_COST = bufferCost(MAX_EVENT_DATAGRAM_BYTES);
/** Who was reported to so lately may be held back by a report that was lost. */
const LATELY_MS = 1000;
/** With more nodes than this each reports more rarely: a sender would drown in reports. */
const REPORTERS = 32;
/** Who was heard with events so lately shares the buffer. */
const ACTIVE_MS = 100;

/** Tells senders under load how far this node has read, and how much of its buffer each may fill. */
export class FlowReports {
  readonly #context: NodeContext;
  /** Whose datagrams have not been reported. */
  readonly #due = new Set<Member>();
  /** When events of each were last heard. */
  readonly #activeAt = new Map<Member, Instant>();
  #nextAt: Instant = NEVER;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** A datagram with events, or a word about them, came from the member. */
  note(now: Instant, member: Member, stream: InboundStream): void {
    const hasPaused = now - (this.#activeAt.get(member) ?? -NEVER) > REPORT_MS;
    stream.unreported = hasPaused ? 1 : stream.unreported + 1;
    this.#activeAt.set(member, now);
    if (stream.unreported >= this.#reportCount(now)) return this.#report(now, member, stream);
    if (stream.unreported < WORTH_REPORTING) return;
    this.#schedule(member, stream, now + Math.min(REPORT_MS * this.#rarity(), LONGEST_REPORT_MS));
  }

  /** The member says again what it has said: maybe it is held back because a report was lost. */
  noteRepetition(now: Instant, member: Member, stream: InboundStream): void {
    if (now - stream.reportedAt <= LATELY_MS) this.#schedule(member, stream, now + 1);
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = NEVER;
    for (const member of this.#due) {
      const stream = this.#context.streams.get(member.id);
      if (stream === undefined || this.#context.members.get(member.id) !== member) this.#forget(member, stream);
      else if (stream.reportAt > now) this.#nextAt = Math.min(this.#nextAt, stream.reportAt);
      else this.#report(now, member, stream);
    }
  }

  /** It has gone; should it come back, its reports begin anew. */
  #forget(member: Member, stream: InboundStream | undefined): void {
    this.#due.delete(member);
    if (stream !== undefined) stream.reportAt = NEVER;
  }

  /** Tells the member where this node stands with it. */
  #report(now: Instant, member: Member, stream: InboundStream): void {
    stream.unreported = 0;
    stream.reportAt = NEVER;
    stream.reportedAt = now;
    this.#due.delete(member);
    this.#context.outbox.toOne(ackOf(this.#context, member, stream, this.#activeCount(now)), member.endpoint);
  }

  #reportCount(now: Instant): number {
    const perWindow = windowBytes(this.#context, this.#activeCount(now)) / FULL_COST;
    const count = Math.min(REPORT_COUNT, Math.floor(perWindow / WINDOW_PARTS)) * this.#rarity();
    // A sender stands still when all of its window is unreported.
    return Math.max(1, Math.min(count, Math.floor((perWindow * LATEST_PARTS) / WINDOW_PARTS)));
  }

  #rarity(): number {
    return Math.ceil((this.#context.members.size + 1) / REPORTERS);
  }

  #schedule(member: Member, stream: InboundStream, at: Instant): void {
    if (stream.reportAt <= at) return;
    stream.reportAt = at;
    this.#due.add(member);
    this.#nextAt = Math.min(this.#nextAt, at);
  }

  #activeCount(now: Instant): number {
    for (const [member, at] of this.#activeAt) if (now - at > ACTIVE_MS) this.#activeAt.delete(member);
    return Math.max(1, this.#activeAt.size);
  }
}

/** What one of so many senders may have under way to this node. */
function windowBytes({ receiveBufferBytes = USUAL_WINDOW_BYTES }: NodeContext, senders: number): number {
  return Math.max(Math.floor(receiveBufferBytes / senders), FULL_COST);
}

/** How far this node has come with what the member sends. */
export function ackOf(context: NodeContext, member: Member, stream: InboundStream, senders = 1): AckPacket {
  return {
    kind: 'ack',
    ...context.frameTo(member),
    contiguous: stream.window.contiguous,
    highest: stream.window.top,
    windowBytes: windowBytes(context, senders),
  };
}
