import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { RecentMap } from '../primitives/recent-map.js';
import type { Member } from '../membership/member.js';
import type { KeyAttachment } from '../wire/key-attachment.js';
import { MAX_RECEIPT_REQUESTS, MAX_RECEIPTS } from '../wire/receipt-codec.js';
import type {
  AskOutcome,
  AskState,
  ReceiptEntry,
  ReceiptPacket,
  ReceiptRequestEntry,
  ReceiptRequestPacket,
} from '../wire/receipt-packet.js';
import type { NodeContext } from './node-context.js';
import { Replies } from './replies.js';

/** A publisher asks for a receipt that has not come after this time, and then with growing pauses. */
const FIRST_REQUEST_MS = 30;
const PAUSE_FACTOR = 1.6;
const LONGEST_PAUSE_MS = 250;
/** Outcomes that are remembered of one publisher, as a receipt may be lost, and publishers. */
const OUTCOMES_KEPT = 8192;
const PUBLISHERS_KEPT = 4096;

/** Some members are awaited to say what has become of one event. */
interface Wait {
  readonly awaiting: Set<NodeId>;
  /** Of the datagram that the event went out in. */
  sequence: number;
  nextAt: Instant;
  pauseMs: number;
}

/**
 * Receipts for events whose publisher waits until handlers have ended. They are sent once, many together; the publisher
 * asks for those that do not come, so that it does not matter whether the event was lost, or the receipt.
 */
export class Receipts {
  /** What members answer, where more is asked for than a receipt. */
  readonly replies: Replies;
  readonly #context: NodeContext;
  readonly #waits = new Map<number, Wait>();
  /** Waits whose event has just been laid out. */
  #justSent: Wait[] = [];
  #nextAt: Instant = NEVER;
  /** What has become of the events of others, by publisher and token. */
  readonly #outcomes = new RecentMap<NodeId, RecentMap<number, AskState>>(PUBLISHERS_KEPT);
  /** What publishers are to be told at the end of this turn. */
  #due = new Map<NodeId, ReceiptEntry[]>();
  #dueAt: Instant = NEVER;

  constructor(context: NodeContext) {
    this.#context = context;
    this.replies = new Replies(context, {
      isAwaited: (from, token) => this.#waits.get(token)?.awaiting.has(from) === true,
      onEnd: (from, token, outcome) => this.#conclude(from, token, outcome),
    });
  }

  deadline(): Instant {
    return Math.min(this.#nextAt, this.#dueAt, this.replies.deadline());
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#dueAt) this.#sendDue();
    this.replies.handleTimeout(now);
    if (now >= this.#nextAt) this.#askAgain(now);
  }

  /** An event that is to be sent waits for these. */
  open(token: number, awaiting: readonly NodeId[]): void {
    this.#waits.set(token, { awaiting: new Set(awaiting), sequence: 0, nextAt: NEVER, pauseMs: FIRST_REQUEST_MS });
  }

  close(token: number): void {
    this.replies.close(token, this.#waits.get(token)?.awaiting ?? []);
    this.#waits.delete(token);
  }

  /** The event has been given to the datagram of that sequence. */
  laidOut(token: number, sequence: number): void {
    const wait = this.#waits.get(token);
    if (wait === undefined) return;
    wait.sequence = sequence;
    this.#justSent.push(wait);
  }

  /** What was laid out goes out now. */
  sent(now: Instant): void {
    if (this.#justSent.length === 0) return;
    for (const wait of this.#justSent) wait.nextAt = now + FIRST_REQUEST_MS;
    this.#justSent = [];
    this.#nextAt = Math.min(this.#nextAt, now + FIRST_REQUEST_MS);
  }

  handleReceipt(now: Instant, member: Member, { entries }: ReceiptPacket): void {
    for (const entry of entries) {
      const { token, outcome, parts } = entry;
      if (this.#waits.get(token)?.awaiting.has(member.id) !== true) continue;
      if (outcome === 'running' || parts > 0) this.replies.noteState(now, member.id, entry);
      else this.#conclude(member.id, token, outcome);
    }
  }

  /** Events of the publisher are handed up, and what becomes of these is to be told. */
  noteAsked(publisher: NodeId, attachments: ReadonlyMap<number, KeyAttachment> | undefined): void {
    for (const { ask } of attachments?.values() ?? []) {
      if (ask !== undefined) this.#outcomesOf(publisher).set(ask.token, 'running');
    }
  }

  /** What has become of an event of the publisher here. */
  settle(now: Instant, publisher: NodeId, token: number, outcome: AskOutcome): void {
    this.#outcomesOf(publisher).set(token, outcome);
    this.replies.said.end(now, publisher, token);
    this.#tell(now, publisher, token, outcome);
  }

  handleRequest(now: Instant, member: Member, { entries }: ReceiptRequestPacket): void {
    const outcomes = this.#outcomesOf(member.id);
    const contiguous = this.#context.streams.get(member.id)?.window.contiguous ?? 0;
    for (const { token, sequence } of entries) {
      const outcome = outcomes.get(token);
      if (outcome === undefined && sequence <= contiguous) {
        outcomes.set(token, 'running');
        this.#context.events.push({ kind: 'covered', origin: member.id, token });
      } else if (outcome !== undefined && (outcome !== 'running' || this.replies.said.count(member.id, token) > 0)) {
        this.#tell(now, member.id, token, outcome);
      }
    }
  }

  #conclude(from: NodeId, token: number, outcome: AskOutcome): void {
    if (this.#waits.get(token)?.awaiting.delete(from) !== true) return;
    this.#context.events.push({ kind: 'receipt', from, token, outcome });
  }

  #outcomesOf(publisher: NodeId): RecentMap<number, AskState> {
    const known = this.#outcomes.get(publisher);
    if (known !== undefined) return known;
    const outcomes = new RecentMap<number, AskState>(OUTCOMES_KEPT);
    this.#outcomes.set(publisher, outcomes);
    return outcomes;
  }

  #tell(now: Instant, publisher: NodeId, token: number, outcome: AskState): void {
    add(this.#due, publisher, { token, outcome, parts: this.replies.said.count(publisher, token) });
    this.#dueAt = Math.min(this.#dueAt, now);
  }

  #sendDue(): void {
    const { members, outbox } = this.#context;
    for (const [id, all] of this.#due) {
      const member = members.get(id);
      if (member === undefined) continue;
      for (const entries of chunks(all, MAX_RECEIPTS)) {
        outbox.toOne({ kind: 'receipt', ...this.#context.frameTo(member), entries }, member.endpoint);
      }
    }
    this.#due = new Map();
    this.#dueAt = NEVER;
  }

  #askAgain(now: Instant): void {
    const { members, outbox } = this.#context;
    const questions = new Map<NodeId, ReceiptRequestEntry[]>();
    this.#nextAt = NEVER;
    for (const [token, wait] of this.#waits) {
      if (now >= wait.nextAt) {
        wait.pauseMs = Math.min(wait.pauseMs * PAUSE_FACTOR, LONGEST_PAUSE_MS);
        wait.nextAt = now + wait.pauseMs;
        for (const id of wait.awaiting) add(questions, id, { token, sequence: wait.sequence });
      }
      if (wait.awaiting.size > 0) this.#nextAt = Math.min(this.#nextAt, wait.nextAt);
    }
    for (const [id, all] of questions) {
      const member = members.get(id);
      if (member === undefined) continue;
      for (const entries of chunks(all, MAX_RECEIPT_REQUESTS)) {
        outbox.toOne({ kind: 'receipt-request', ...this.#context.frameTo(member), entries }, member.endpoint);
      }
    }
  }
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function* chunks<T>(all: readonly T[], size: number): Iterable<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}
