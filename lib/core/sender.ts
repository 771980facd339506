import { bucketOfHash } from '../primitives/bucket-set.js';
import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import { Batcher } from '../delivery/batcher.js';
import type { OutgoingEvent, PendingEvent, Publication, QueuedEvent } from '../delivery/pending-event.js';
import { BatchWriter } from '../wire/batch-writer.js';
import { HEADER_BYTES, MAX_EVENT_DATAGRAM_BYTES, MAX_WIRE_BYTES, PacketType, type Trailer } from '../wire/packet.js';
import type { TrailerNumbers } from '../wire/trailer-encoder.js';
import { encodeBuckets } from '../wire/resync-codec.js';
import { encodeFrame } from './encode-frame.js';
import { Fragmenter } from './fragmenter.js';
import type { NodeContext } from './node-context.js';
import type { Tail } from './tail.js';
import type { Receipts } from './receipts.js';
import { SealWriter } from './seal-writer.js';
import type { Transmit } from './transmit.js';

const TYPES = { key: PacketType.BATCH, matching: PacketType.MATCHING, request: PacketType.REQUEST } as const;

/** Where a datagram goes. */
type Way = Pick<Transmit, 'toGroup' | 'to'>;

interface Twin extends Way {
  readonly bytes: Buffer;
  readonly length: number;
}

/**
 * What goes out: frames first, then events. Bytes are laid out here, when the datagram is handed out, and only here is a
 * sequence given: two writers would reorder batches and make gaps that are none.
 */
export class Sender {
  readonly batcher: Batcher;
  readonly #context: NodeContext;
  readonly #writer = new BatchWriter();
  readonly #fragmenter: Fragmenter;
  readonly #framesInFlight = new Set<number>();
  readonly #tail: Tail;
  readonly #receipts: Receipts;
  readonly #seals: SealWriter | undefined;
  /** The sealed form of what was handed out plain, in the mode that sends both. */
  #twin: Twin | undefined;
  #nextId = 1;
  #closedOff = false;

  constructor(context: NodeContext, tail: Tail, receipts: Receipts) {
    const { batchIntervalMs, batchSize, limits } = context.config;
    this.#context = context;
    this.#fragmenter = new Fragmenter(context);
    this.#tail = tail;
    this.#receipts = receipts;
    const { sealing } = context.config;
    if (sealing !== undefined && sealing.mode !== 'accept-plain') {
      this.#seals = new SealWriter(context.config.id, context.clusterTag, sealing.sealer);
    }
    this.batcher = new Batcher({ intervalMs: batchIntervalMs, size: batchSize, capacity: limits.pendingKeys });
  }

  /** Whether nothing waits and the kernel has everything. */
  get idle(): boolean {
    return this.batcher.waiting === 0 && this.batcher.inFlight === 0 && this.#framesInFlight.size === 0;
  }

  /** `undefined` when events with data or metadata are too many; bare ones then become buckets, and are never refused. */
  publish(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    const { values } = this.#context.counters;
    const before = this.batcher.waiting;
    const publication = this.batcher.add(now, events);
    if (publication !== undefined) {
      values.published += events.length;
      values.merged += events.length - (this.batcher.waiting - before);
      return publication;
    }
    // What was coarsened before has been counted.
    const counted = this.batcher.oldest()?.event.kind === 'buckets' ? 1 : 0;
    const coarse = this.batcher.addCoarsely(now, events);
    if (coarse === undefined) return undefined;
    values.published += events.length;
    values.coarsened += before - counted + events.length - (this.batcher.waiting - 1);
    return coarse;
  }

  handleSent(id: number, failed: boolean): void {
    if (failed) this.#context.counters.values.sendFailures++;
    if (!this.batcher.settled(id)) this.#framesInFlight.delete(id);
    this.tellFlushed();
  }

  /** Hands out one last datagram with events, of all that waits, whoever can not keep up: after it no sequence is given. */
  closeOff(): void {
    if (this.#closedOff) return;
    this.#closedOff = true;
    // What has begun stays half said, and its bucket is among those that are told instead.
    this.#fragmenter.end();
    this.batcher.closeOff();
    this.#context.flow.rest();
  }

  poll(now: Instant, wallClockMs: number, into: Buffer): Transmit | undefined {
    if (this.#twin !== undefined) return this.#handOutTwin(this.#twin, into);
    const frame = this.#context.outbox.take();
    if (frame === undefined) return this.#pollEvents(now, wallClockMs, into);
    return this.#handOut(this.#frameId(), into, encodeFrame(into, frame.packet, wallClockMs), frame);
  }

  tellFlushed(): void {
    const ticket = this.batcher.takeFlushed();
    if (ticket !== undefined) this.#context.events.push({ kind: 'flushed', ticket });
  }

  #pollEvents(now: Instant, wallClockMs: number, into: Buffer): Transmit | undefined {
    const { config, flow } = this.#context;
    while (this.#closedOff || this.batcher.inFlight < config.limits.sendsInFlight) {
      const head = this.#fragmenter.current?.entry ?? this.batcher.head();
      if (head === undefined) flow.rest();
      if (head === undefined || !this.#mayLeave(now, head.event)) return undefined;
      const sequence = ++this.#context.highest;
      const length = this.#layOut(into, sequence, head, wallClockMs);
      this.#receipts.sent(now);
      this.#keep(now, sequence, into.subarray(0, length));
      flow.sent(now, sequence, length);
      const to = this.#addressees(now);
      if (config.multicast || to.length > 0) {
        const id = this.#nextId++;
        this.#tail.sent(now);
        this.batcher.sent(now, id, head.ticket, to.length);
        return this.#handOut(id, into, length, { toGroup: config.multicast, to });
      }
      // Nobody is there: the events are as delivered as they can be.
      this.tellFlushed();
    }
    return undefined;
  }

  #mayLeave(now: Instant, event: QueuedEvent): boolean {
    if (this.#closedOff) return event.kind === 'buckets';
    return this.#context.flow.maySend(now, MAX_EVENT_DATAGRAM_BYTES);
  }

  #layOut(into: Buffer, sequence: number, head: PendingEvent, sentAtMs: number): number {
    const { config, clusterTag, history, ownRing } = this.#context;
    const { event } = head;
    const floor = ownRing.oldest(config.id) ?? sequence;
    const trailer = { sequence, floor, sentAtMs, clusterTag };
    if (event.kind !== 'buckets') {
      const isLong = (event.fragments ?? 0) > 0;
      return isLong ? this.#layOutLong(into, head, event, trailer) : this.#pack(into, event.kind, trailer);
    }
    this.batcher.take(head);
    history.noteBuckets(event.buckets, sequence);
    return encodeBuckets(into, { sender: config.id, buckets: event.buckets, trailer });
  }

  /** The next fragment of an event, or its key behind the last one. What is lost of any of them is told by its bucket. */
  #layOutLong(into: Buffer, entry: PendingEvent, event: OutgoingEvent, trailer: Trailer): number {
    const { config, clusterTag, history } = this.#context;
    const { sequence, floor, sentAtMs } = trailer;
    const current = this.#fragmenter.current ?? this.#fragmenter.begin(entry, event);
    if (current.bucket !== undefined) history.noteBucket(current.bucket, sequence);
    if (!this.#fragmenter.isAtEnd) return this.#fragmenter.layOut(into, current, trailer);
    this.#writer.begin(into, TYPES[event.kind], config.id, clusterTag);
    this.#writer.tryAddFragmented(event.key, event.ask, current.content);
    if (event.ask !== undefined) this.#receipts.laidOut(event.ask.token, sequence);
    this.#fragmenter.end();
    this.batcher.take(entry);
    return this.#writer.finish(sequence, floor, sentAtMs);
  }

  /** Packs waiting events of one kind until the datagram is full. */
  #pack(into: Buffer, kind: OutgoingEvent['kind'], trailer: TrailerNumbers): number {
    const { config, clusterTag, history } = this.#context;
    this.#writer.begin(into, TYPES[kind], config.id, clusterTag);
    for (let head = this.batcher.head(); head?.event.kind === kind; head = this.batcher.head()) {
      const { event } = head;
      if ((event.fragments ?? 0) > 0) break;
      if (!this.#writer.tryAdd(event.key, event.data, event.metadata, event.ask)) break;
      if (event.ask !== undefined) this.#receipts.laidOut(event.ask.token, trailer.sequence);
      if (kind === 'key') history.noteBucket(bucketOfHash(this.#writer.keyHash), trailer.sequence);
      else if (kind === 'matching') history.noteBuckets('all', trailer.sequence);
      this.batcher.take(head);
    }
    return this.#writer.finish(trailer.sequence, trailer.floor, trailer.sentAtMs);
  }

  #keep(now: Instant, sequence: number, datagram: Buffer): void {
    const body = datagram.subarray(HEADER_BYTES);
    this.#context.ownRing.keep(now, { origin: this.#context.config.id, sequence, type: datagram[1]!, body });
  }

  /** Those who do not hear the group, and v1 nodes that the user's seeds name. */
  #addressees(now: Instant): Endpoint[] {
    const { legacy, seeds } = this.#context;
    const to = this.#context.unicastMembers(now);
    for (const peer of legacy.values()) if (seeds.has(peer.endpoint)) to.push(peer.endpoint);
    return to;
  }

  #frameId(): number {
    const id = this.#nextId++;
    this.#framesInFlight.add(id);
    return id;
  }

  /** One transmission is sealed once, for all who get it. */
  #handOut(id: number, into: Buffer, length: number, way: Way): Transmit {
    const seals = this.#seals;
    if (seals === undefined) return this.#count(id, length, way);
    if (this.#context.config.sealing?.mode === 'strict') return this.#count(id, seals.seal(into, length, into), way);
    const bytes = Buffer.alloc(MAX_WIRE_BYTES);
    // The datagram itself goes out as it is, and sealing changes what it seals.
    const copy = Buffer.from(into.subarray(0, length));
    this.#twin = { bytes, length: seals.seal(copy, length, bytes), toGroup: way.toGroup, to: way.to };
    return this.#count(id, length, way);
  }

  #handOutTwin(twin: Twin, into: Buffer): Transmit {
    this.#twin = undefined;
    twin.bytes.copy(into, 0, 0, twin.length);
    return this.#count(this.#frameId(), twin.length, twin);
  }

  #count(id: number, length: number, { toGroup, to }: Way): Transmit {
    const { values } = this.#context.counters;
    const copies = to.length + (toGroup ? 1 : 0);
    values.datagramsSent += copies;
    values.bytesSent += copies * length;
    return { id, length, toGroup, to };
  }
}
