import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import { assertNever } from '../primitives/assert-never.js';
import { Batcher } from '../delivery/batcher.js';
import type { OutgoingEvent, Publication } from '../delivery/pending-event.js';
import { BatchWriter } from '../wire/batch-writer.js';
import { encodeLeave, encodePing, encodePingRequest, encodePong } from '../wire/control-codec.js';
import { encodeHeartbeat } from '../wire/heartbeat-codec.js';
import { encodeHello } from '../wire/hello-codec.js';
import { PacketType } from '../wire/packet.js';
import { encodePeers } from '../wire/peers-codec.js';
import type { NodeContext } from './node-context.js';
import type { ControlPacket } from './outbox.js';
import type { Transmit } from './transmit.js';

/**
 * What goes out: frames first, then events. Bytes are laid out here, when the datagram is handed out, and only here is a
 * sequence given: two writers would reorder batches and make gaps that are none.
 */
export class Sender {
  readonly batcher: Batcher;
  readonly #context: NodeContext;
  readonly #writer = new BatchWriter();
  readonly #framesInFlight = new Set<number>();
  #nextId = 1;

  constructor(context: NodeContext) {
    const { batchIntervalMs, batchSize, limits } = context.config;
    this.#context = context;
    this.batcher = new Batcher({ intervalMs: batchIntervalMs, size: batchSize, capacity: limits.pendingKeys });
  }

  /** Whether nothing waits and the kernel has everything. */
  get idle(): boolean {
    return this.batcher.waiting === 0 && this.batcher.inFlight === 0 && this.#framesInFlight.size === 0;
  }

  publish(now: Instant, events: readonly OutgoingEvent[]): Publication | undefined {
    const before = this.batcher.waiting;
    const publication = this.batcher.add(now, events);
    if (publication === undefined) return undefined;
    this.#context.counters.values.published += events.length;
    this.#context.counters.values.merged += events.length - (this.batcher.waiting - before);
    return publication;
  }

  handleSent(id: number, failed: boolean): void {
    if (failed) this.#context.counters.values.sendFailures++;
    if (!this.batcher.settled(id)) this.#framesInFlight.delete(id);
    this.tellFlushed();
  }

  poll(now: Instant, wallClockMs: number, into: Buffer): Transmit | undefined {
    const frame = this.#context.outbox.take();
    if (frame !== undefined) {
      const id = this.#nextId++;
      this.#framesInFlight.add(id);
      return this.#handOut(id, encodeControl(into, frame.packet, wallClockMs), frame.toGroup, frame.to);
    }
    while (this.batcher.inFlight < this.#context.config.limits.sendsInFlight) {
      const head = this.batcher.head();
      if (head === undefined) return undefined;
      const length = this.#layOut(into, head.event.kind, wallClockMs);
      const to = this.#addressees(now);
      const { multicast } = this.#context.config;
      if (multicast || to.length > 0) {
        const id = this.#nextId++;
        this.batcher.sent(now, id, head.ticket, to.length);
        return this.#handOut(id, length, multicast, to);
      }
      // Nobody is there: the events are as delivered as they can be.
      this.tellFlushed();
    }
    return undefined;
  }

  tellFlushed(): void {
    const ticket = this.batcher.takeFlushed();
    if (ticket !== undefined) this.#context.events.push({ kind: 'flushed', ticket });
  }

  /** Packs waiting events of one kind until the datagram is full. */
  #layOut(into: Buffer, kind: OutgoingEvent['kind'], wallClockMs: number): number {
    const type = kind === 'key' ? PacketType.BATCH : PacketType.MATCHING;
    this.#writer.begin(into, type, this.#context.config.id, this.#context.clusterTag);
    for (let head = this.batcher.head(); head?.event.kind === kind; head = this.batcher.head()) {
      if (!this.#writer.tryAdd(head.event.key, head.event.data, head.event.metadata)) break;
      this.batcher.takeHead();
    }
    const sequence = ++this.#context.highest;
    return this.#writer.finish(sequence, sequence + 1, wallClockMs);
  }

  /** Those who do not hear the group, and v1 nodes that the user's seeds name. */
  #addressees(now: Instant): Endpoint[] {
    const { members, legacy, seeds } = this.#context;
    const to: Endpoint[] = [];
    for (const member of members.values()) if (!member.hearsGroup(now)) to.push(member.endpoint);
    for (const peer of legacy.values()) if (seeds.has(peer.endpoint)) to.push(peer.endpoint);
    return to;
  }

  #handOut(id: number, length: number, toGroup: boolean, to: readonly Endpoint[]): Transmit {
    const { values } = this.#context.counters;
    const copies = to.length + (toGroup ? 1 : 0);
    values.datagramsSent += copies;
    values.bytesSent += copies * length;
    return { id, length, toGroup, to };
  }
}

function encodeControl(into: Buffer, packet: ControlPacket, wallClockMs: number): number {
  switch (packet.kind) {
    case 'heartbeat':
      return encodeHeartbeat(
        into,
        packet.trailer ? { ...packet, trailer: { ...packet.trailer, sentAtMs: wallClockMs } } : packet,
      );
    case 'hello':
    case 'hello-ack':
      return encodeHello(into, packet);
    case 'leave':
      return encodeLeave(into, packet);
    case 'ping':
      return encodePing(into, packet);
    case 'ping-request':
      return encodePingRequest(into, packet);
    case 'pong':
      return encodePong(into, packet);
    case 'peers':
      return encodePeers(into, packet);
    default:
      return assertNever(packet);
  }
}
