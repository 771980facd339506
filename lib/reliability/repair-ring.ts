import { Fifo } from '../primitives/fifo.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { bytesAt, type Place, Slab } from './slab.js';

/** What an entry costs beside its bytes: objects, map slots and the head of its buffer, measured on Node 20. */
const ENTRY_BYTES = 320;

interface Datagram {
  readonly origin: NodeId;
  readonly sequence: number;
  readonly type: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/** A datagram as it was sent, but for its header. */
export class KeptDatagram implements Datagram {
  readonly origin: NodeId;
  readonly sequence: number;
  readonly type: number;
  readonly at: Instant;
  readonly place: Place;
  /** How many asked for it lately, and when the last one did. */
  asked = 0;
  askedAt: Instant = -NEVER;
  /** When it was last repeated to the group. */
  repeatedAt: Instant = -NEVER;

  constructor(at: Instant, { origin, sequence, type }: Datagram, place: Place) {
    this.origin = origin;
    this.sequence = sequence;
    this.type = type;
    this.at = at;
    this.place = place;
  }

  get length(): number {
    return this.place.to - this.place.from;
  }

  /** To be read before the ring keeps anything else, which may take its place. */
  get body(): Buffer {
    return bytesAt(this.place);
  }
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
  readonly #slab = new Slab();
  #bytes = 0;

  constructor(bounds: RepairRingBounds) {
    this.#bounds = bounds;
  }

  /** What it takes, its own bookkeeping included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of `body`. */
  keep(now: Instant, datagram: Datagram): void {
    const { origin, sequence, body } = datagram;
    const kept = this.#byOrigin.get(origin) ?? new Map<number, KeptDatagram>();
    if (kept.has(sequence)) return;
    if (kept.size === 0) this.#byOrigin.set(origin, kept);
    const entry = new KeptDatagram(now, datagram, this.#slab.keep(body));
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
      this.#bytes -= oldest.length + ENTRY_BYTES;
      this.#slab.release(oldest.place);
      const kept = this.#byOrigin.get(oldest.origin);
      kept?.delete(oldest.sequence);
      if (kept?.size === 0) this.#byOrigin.delete(oldest.origin);
    }
  }
}
