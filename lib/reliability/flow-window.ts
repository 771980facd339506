import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';

/**
 * What may be under way to one that has not said how much: half of the buffer that most machines give, 212,992 bytes. Others
 * send too, and the kernel counts coarsely.
 */
export const USUAL_WINDOW_BYTES = 106_496;
/** A receiver may lack at most this many: half a receive window, so that what is missing can still be asked for. */
const LONGEST_LEAD = 512;
/** Who has reported nothing for so long holds nobody up. */
const PATIENCE_MS = 200;
/** Who held the sender up no longer ago than this has done so ever since. */
const HELD_TOGETHER_MS = 2 * PATIENCE_MS;
/** Sequences whose cost is remembered. */
const LEDGER_SIZE = 4096;
/** What Linux charges for a datagram: its bytes with the heads of skb and data, in a power of two, and the skb. */
const DATA_OVERHEAD_BYTES = 384;
const SKB_BYTES = 256;

/** What a datagram of so many bytes takes of a receive buffer, as Linux counts: 832 for a small one, 2304 for a full one. */
export function bufferCost(bytes: number): number {
  return SKB_BYTES + 2 ** Math.ceil(Math.log2(bytes + DATA_OVERHEAD_BYTES));
}

export interface FlowReport {
  readonly contiguous: number;
  readonly highest: number;
  readonly windowBytes: number;
}

interface Receiver {
  contiguous: number;
  highest: number;
  windowBytes: number;
  reportedAt: Instant;
  progressAt: Instant;
  /** Since when it holds the sender up, though that may go on now and then, and when it did so last. */
  heldSince: Instant;
  heldAt: Instant;
  /** It held the sender up for too long, until it reports again. */
  excluded: boolean;
}

/**
 * Holds a sender back before it overruns its receivers: a buffer is full after 92 full datagrams, long before any sign
 * of loss. Receivers report how far they have read; what is sent and not reported must fit half of the smallest buffer.
 * Who does not report is waited for a moment, and then left to repair.
 */
export class FlowWindow {
  readonly #receivers = new Map<NodeId, Receiver>();
  /** By sequence: what has been sent up to it, in bytes of buffer, and when. */
  readonly #costs = new Float64Array(LEDGER_SIZE);
  readonly #sentAt = new Float64Array(LEDGER_SIZE);
  #last = 0;
  /** What is older than `PATIENCE_MS` has been read, or is lost. */
  #settled = 0;
  #blockedAt: Instant | undefined;
  /** Up to which cost and sequence may be sent, as they were last computed; a cost of 0 makes that be done anew. */
  #costLimit = 0;
  #sequenceLimit = 0;

  add(now: Instant, id: NodeId): void {
    if (this.#receivers.has(id)) return;
    this.#receivers.set(id, {
      contiguous: this.#last,
      highest: this.#last,
      windowBytes: USUAL_WINDOW_BYTES,
      reportedAt: -NEVER,
      progressAt: now,
      heldSince: -NEVER,
      heldAt: -NEVER,
      excluded: false,
    });
    this.#costLimit = 0;
  }

  remove(id: NodeId): void {
    this.#receivers.delete(id);
  }

  report(now: Instant, id: NodeId, report: FlowReport): void {
    const receiver = this.#receivers.get(id);
    // Nobody has read what has not been sent.
    if (receiver === undefined || report.highest > this.#last || report.contiguous > this.#last) return;
    if (report.contiguous > receiver.contiguous) receiver.progressAt = now;
    receiver.contiguous = Math.max(receiver.contiguous, report.contiguous);
    receiver.highest = Math.max(receiver.highest, report.highest);
    receiver.windowBytes = report.windowBytes;
    receiver.reportedAt = now;
    receiver.heldAt = -NEVER;
    receiver.excluded = false;
    this.#costLimit = 0;
  }

  /** A datagram with events was handed out. */
  sent(now: Instant, sequence: number, bytes: number): void {
    this.#costs[sequence % LEDGER_SIZE] = this.#costOf(this.#last) + bufferCost(bytes);
    this.#sentAt[sequence % LEDGER_SIZE] = now;
    this.#last = sequence;
  }

  /** Whether a full datagram may go out now. */
  maySend(now: Instant, bytes: number): boolean {
    const cost = this.#costOf(this.#last) + bufferCost(bytes);
    if (this.#isWithin(cost)) return this.#unblock();
    this.#computeLimits(now);
    if (this.#isWithin(cost)) return this.#unblock();
    const blockedAt = (this.#blockedAt ??= now);
    this.#excludeSilent(now, cost);
    this.#computeLimits(now);
    if (this.#isWithin(cost)) return this.#unblock();
    // As in the deadline: the difference may be rounded otherwise, and a deadline stay in the past.
    if (blockedAt + PATIENCE_MS <= now) this.#blockedAt = now;
    return false;
  }

  /** When to try again, if nobody reports before. */
  deadline(): Instant {
    if (this.#blockedAt === undefined) return NEVER;
    const oldest = this.#settled < this.#last ? this.#sentAtOf(this.#settled + 1) : NEVER;
    return Math.min(this.#blockedAt, oldest) + PATIENCE_MS;
  }

  /** Nothing waits to be sent: what was held back may have been withdrawn. */
  rest(): void {
    this.#blockedAt = undefined;
  }

  #unblock(): true {
    this.#blockedAt = undefined;
    return true;
  }

  #isWithin(cost: number): boolean {
    return cost <= this.#costLimit && this.#last < this.#sequenceLimit;
  }

  #computeLimits(now: Instant): void {
    while (this.#settled < this.#last && this.#sentAtOf(this.#settled + 1) + PATIENCE_MS <= now) this.#settled++;
    this.#costLimit = NEVER;
    this.#sequenceLimit = NEVER;
    for (const receiver of this.#receivers.values()) {
      if (receiver.excluded) continue;
      this.#costLimit = Math.min(this.#costLimit, this.#costLimitOf(receiver));
      if (now - receiver.progressAt >= PATIENCE_MS || now - receiver.reportedAt >= PATIENCE_MS) continue;
      this.#sequenceLimit = Math.min(this.#sequenceLimit, receiver.contiguous + LONGEST_LEAD);
    }
  }

  #costLimitOf(receiver: Receiver): number {
    return this.#costOf(Math.max(receiver.highest, this.#settled)) + receiver.windowBytes;
  }

  /**
   * Those whose buffers hold the sender up, and who have had the time to say that they do not. What has become old makes
   * room, so that one who never reports does not hold the sender up for long at a time, but ever again.
   */
  #excludeSilent(now: Instant, cost: number): void {
    for (const receiver of this.#receivers.values()) {
      if (cost <= this.#costLimitOf(receiver)) continue;
      if (now - receiver.heldAt > HELD_TOGETHER_MS) receiver.heldSince = now;
      receiver.heldAt = now;
      if (receiver.heldSince + PATIENCE_MS <= now) receiver.excluded = true;
    }
  }

  #costOf(sequence: number): number {
    // What has left the ledger is far behind: a receiver that stands there is to be left to repair.
    if (sequence <= this.#last - LEDGER_SIZE) return this.#costs[(this.#last + 1) % LEDGER_SIZE] ?? 0;
    return this.#costs[sequence % LEDGER_SIZE] ?? 0;
  }

  #sentAtOf(sequence: number): Instant {
    return this.#sentAt[sequence % LEDGER_SIZE] ?? 0;
  }
}
