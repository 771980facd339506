import { Fifo } from '../primitives/fifo.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';

/** What an entry costs beside its bytes: objects, map slots and the head of its buffer, measured on Node 20. */
const ENTRY_BYTES = 320;

/** A datagram as it was sent, but for its header. */
export interface KeptDatagram {
  readonly origin: NodeId;
  readonly sequence: number;
  readonly type: number;
  readonly body: Buffer;
  readonly at: Instant;
  /** How many asked for it lately, and when the last one did. */
  asked: number;
  askedAt: Instant;
  /** When it was last repeated to the group. */
  repeatedAt: Instant;
}

export interface RepairRingBounds {
  readonly bytes: number;
  readonly ageMs: number;
}

/** Datagrams that can be repeated, by origin and sequence; the oldest go when there are too many, or when they are too old. */
export class RepairRing {
  readonly #bounds: RepairRingBounds;
  readonly #byOrigin = new Map<NodeId, Map<number, KeptDatagram>>();
  readonly #order = new Fifo<KeptDatagram>();
  #bytes = 0;

  constructor(bounds: RepairRingBounds) {
    this.#bounds = bounds;
  }

  /** What it takes, its own bookkeeping included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of `body`. */
  keep(now: Instant, datagram: Pick<KeptDatagram, 'origin' | 'sequence' | 'type' | 'body'>): void {
    const { origin, sequence, type } = datagram;
    const kept = this.#byOrigin.get(origin) ?? new Map<number, KeptDatagram>();
    if (kept.has(sequence)) return;
    if (kept.size === 0) this.#byOrigin.set(origin, kept);
    const body = Buffer.from(datagram.body);
    const entry = { origin, sequence, type, body, at: now, asked: 0, askedAt: -NEVER, repeatedAt: -NEVER };
    kept.set(sequence, entry);
    this.#order.push(entry);
    this.#bytes += body.length + ENTRY_BYTES;
    this.prune(now);
  }

  find(origin: NodeId, sequence: number): KeptDatagram | undefined {
    return this.#byOrigin.get(origin)?.get(sequence);
  }

  /** The oldest that is kept of an origin whose datagrams were kept in order. */
  oldest(origin: NodeId): number | undefined {
    // In a map of which much has been deleted the first key is found slowly, and own datagrams have a ring to themselves.
    const oldestOfAll = this.#order.peek();
    if (oldestOfAll?.origin === origin) return oldestOfAll.sequence;
    const first = this.#byOrigin.get(origin)?.keys().next();
    return first?.done === false ? first.value : undefined;
  }

  /** Lets go of what is too much or too old. */
  prune(now: Instant): void {
    for (let oldest = this.#order.peek(); oldest !== undefined; oldest = this.#order.peek()) {
      if (this.#bytes <= this.#bounds.bytes && now - oldest.at <= this.#bounds.ageMs) return;
      this.#order.take();
      this.#bytes -= oldest.body.length + ENTRY_BYTES;
      const kept = this.#byOrigin.get(oldest.origin);
      kept?.delete(oldest.sequence);
      if (kept?.size === 0) this.#byOrigin.delete(oldest.origin);
    }
  }
}
