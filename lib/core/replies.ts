import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import type { SequenceRange } from '../wire/repair-packet.js';
import { MAX_REPLY_RANGES } from '../wire/request-codec.js';
import type { AskOutcome, ReceiptEntry } from '../wire/receipt-packet.js';
import type { ReplyPacket, ReplyRequestPacket } from '../wire/request-packet.js';
import type { NodeContext } from './node-context.js';
import { SaidReplies } from './said-replies.js';

/** Parts that are missing are asked for after this time, and again with growing pauses. */
const FIRST_REQUEST_MS = 10;
const PAUSE_FACTOR = 1.6;
const LONGEST_PAUSE_MS = 250;
/** So many parts are asked for at once: more would overrun a small socket buffer. */
const PARTS_ASKED = 48;

/** What has come of one member's answer. */
interface Incoming {
  readonly parts: Map<number, ReplyPacket>;
  /** All parts before it have been handed up. */
  next: number;
  /** Those of the value that is not whole yet. */
  open: Buffer[];
  /** How many parts there are, as far as is known. */
  known: number;
  end: ReceiptEntry | undefined;
  askAt: Instant;
  pauseMs: number;
}

interface Parts {
  readonly isAwaited: (from: NodeId, token: number) => boolean;
  /** A member's answer has been handed up to its end. */
  readonly onEnd: (from: NodeId, token: number, outcome: AskOutcome) => void;
}

/**
 * Answers to questions: values, cut into parts of a datagram each, sent once, and asked for by whoever misses some. They
 * are handed up in order.
 */
export class Replies {
  /** What this node answers. */
  readonly said: SaidReplies;
  readonly #context: NodeContext;
  readonly #parts: Parts;
  /** By token: the answers that are waited for. */
  readonly #asked = new Map<number, Map<NodeId, Incoming>>();
  #nextAt: Instant = NEVER;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.said = new SaidReplies(context);
  }

  deadline(): Instant {
    return Math.min(this.#nextAt, this.said.deadline());
  }

  handleTimeout(now: Instant): void {
    this.said.handleTimeout(now);
    if (now < this.#nextAt) return;
    this.#nextAt = NEVER;
    for (const [token, answers] of this.#asked) {
      for (const [id, incoming] of answers) this.#askAgain(now, token, id, incoming);
    }
  }

  /** A question with this token is to be answered. */
  open(token: number): void {
    this.#asked.set(token, new Map());
  }

  /** Nobody waits any more: these, who have not answered to the end, may stop. */
  close(token: number, awaiting: Iterable<NodeId>): void {
    if (!this.#asked.delete(token)) return;
    for (const id of awaiting) this.#request(token, id, []);
  }

  /** How many parts a member's answer has by now; with an outcome that ends it, that it has no more. */
  noteState(now: Instant, from: NodeId, entry: ReceiptEntry): void {
    const incoming = this.#incomingOf(entry.token, from);
    if (incoming === undefined) return;
    incoming.known = Math.max(incoming.known, entry.parts);
    if (entry.outcome !== 'running') incoming.end = entry;
    this.#advance(now, entry.token, from, incoming);
  }

  handleReply(now: Instant, member: Member, packet: ReplyPacket): void {
    const incoming = this.#incomingOf(packet.token, member.id);
    if (incoming === undefined || packet.index < incoming.next) return;
    incoming.parts.set(packet.index, packet);
    incoming.known = Math.max(incoming.known, packet.index + 1);
    this.#advance(now, packet.token, member.id, incoming);
  }

  /** A member lacks parts of this node's answer, or does not want them any more. */
  handleRequest(now: Instant, member: Member, { token, ranges }: ReplyRequestPacket): void {
    if (ranges.length > 0) return this.said.repeat(now, member, token, ranges);
    this.said.drop(member.id, token);
    this.#context.events.push({ kind: 'cancelled', origin: member.id, token });
  }

  #incomingOf(token: number, from: NodeId): Incoming | undefined {
    const answers = this.#asked.get(token);
    if (answers === undefined || !this.#parts.isAwaited(from, token)) return undefined;
    const known = answers.get(from);
    if (known !== undefined) return known;
    const incoming: Incoming = {
      parts: new Map(),
      ...{ next: 0, open: [], known: 0, end: undefined, askAt: NEVER, pauseMs: FIRST_REQUEST_MS },
    };
    answers.set(from, incoming);
    return incoming;
  }

  /** Hands up what is whole. */
  #advance(now: Instant, token: number, from: NodeId, incoming: Incoming): void {
    for (let part = incoming.parts.get(incoming.next); part !== undefined; part = incoming.parts.get(incoming.next)) {
      incoming.parts.delete(incoming.next++);
      incoming.open.push(part.bytes);
      incoming.pauseMs = FIRST_REQUEST_MS;
      if (part.continues) continue;
      const value = Buffer.concat(incoming.open);
      incoming.open = [];
      this.#context.events.push({ kind: 'reply', from, token, value, isError: part.isError });
    }
    if (incoming.next < incoming.known) {
      incoming.askAt = Math.min(incoming.askAt, now + incoming.pauseMs);
      this.#nextAt = Math.min(this.#nextAt, incoming.askAt);
    } else if (incoming.end !== undefined) {
      this.#asked.get(token)?.delete(from);
      this.#parts.onEnd(from, token, incoming.end.outcome as AskOutcome);
    }
  }

  #askAgain(now: Instant, token: number, id: NodeId, incoming: Incoming): void {
    if (now >= incoming.askAt) {
      incoming.askAt = NEVER;
      const ranges = missingOf(incoming);
      if (ranges.length > 0) {
        this.#request(token, id, ranges);
        incoming.pauseMs = Math.min(incoming.pauseMs * PAUSE_FACTOR, LONGEST_PAUSE_MS);
        incoming.askAt = now + incoming.pauseMs;
      }
    }
    this.#nextAt = Math.min(this.#nextAt, incoming.askAt);
  }

  #request(token: number, id: NodeId, ranges: readonly SequenceRange[]): void {
    const member = this.#context.members.get(id);
    if (member === undefined) return;
    const frame = this.#context.frameTo(member);
    this.#context.outbox.toOne({ kind: 'reply-request', ...frame, token, ranges }, member.endpoint);
  }
}

/** The first ones that have not come. */
function missingOf({ next, known, parts }: Incoming): SequenceRange[] {
  const ranges: { from: number; count: number }[] = [];
  let asked = 0;
  for (let index = next; index < known && asked < PARTS_ASKED && ranges.length < MAX_REPLY_RANGES; index++) {
    if (parts.has(index)) continue;
    asked++;
    const last = ranges.at(-1);
    if (last !== undefined && last.from + last.count === index) last.count++;
    else ranges.push({ from: index, count: 1 });
  }
  return ranges;
}
