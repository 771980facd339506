import type { Instant } from '../../primitives/instant.js';
import type { NodeId } from '../../primitives/node-id.js';
import { decodePacket } from '../../wire/decode-packet.js';
import { PacketType, type SequencedPacket } from '../../wire/packet.js';

/** A datagram with events, as its origin sent it first. */
export interface SentDatagram {
  readonly origin: NodeId;
  readonly sequence: number;
  readonly at: Instant;
  /** Nobody was there to hear it when it got its sequence, some time before `at`: this is the first repair of it. */
  readonly isLate: boolean;
  /** When the first of its events was published. */
  readonly publishedAt: Instant;
  readonly packet: SequencedPacket;
}

/** Whether datagrams of this type have a sequence of their own. */
export function isSequenced(type: number | undefined): boolean {
  return type === PacketType.BATCH || type === PacketType.MATCHING || type === PacketType.BUCKETS;
}

/** All that one node has published and sent. */
class OriginLedger {
  readonly sent = new Map<number, SentDatagram>();
  /** When what was published and is not sent yet was published first. */
  readonly unsent = new Map<string, Instant>();
}

/** Books what is published and what is sent: what every node has to hear, or to be told that it has missed. */
export class Ledger {
  readonly #origins = new Map<NodeId, OriginLedger>();
  /** What tells of each key and pattern, and what tells of buckets. */
  readonly #byName = new Map<string, SentDatagram[]>();
  readonly #buckets: SentDatagram[] = [];

  notePublished(origin: NodeId, published: string, at: Instant): void {
    const { unsent } = this.#of(origin);
    if (!unsent.has(published)) unsent.set(published, at);
  }

  /**
   * Of a datagram that a node hands out, when it is one of its own events; as a repair, when nobody was there to hear
   * them at first.
   */
  noteSent(origin: NodeId, bytes: Buffer, at: Instant): void {
    if (!isSequenced(bytes[1]) && bytes[1] !== PacketType.REPAIR) return;
    const packet = sequencedPacket(bytes);
    if (packet?.sender !== origin) return;
    const ledger = this.#of(origin);
    const { sequence } = packet.trailer;
    if (ledger.sent.has(sequence)) return;
    const publishedAt = takeFirst(ledger.unsent, packet, at);
    const sent = { origin, sequence, at, isLate: bytes[1] === PacketType.REPAIR, publishedAt, packet };
    ledger.sent.set(sequence, sent);
    if (packet.kind === 'buckets') this.#buckets.push(sent);
    for (const name of namesIn(sent.packet)) this.#index(name, sent);
  }

  /** What that node has sent, in order. */
  sentBy(origin: NodeId): Iterable<SentDatagram> {
    return this.#of(origin).sent.values();
  }

  origins(): Iterable<NodeId> {
    return this.#origins.keys();
  }

  /** The first datagram, from that time on, that tells of the key or pattern. */
  firstWith(origin: NodeId, published: string, from: Instant): SentDatagram | undefined {
    const isMeant = (sent: SentDatagram): boolean => !sent.isLate && sent.origin === origin && sent.at >= from;
    return (
      this.#byName.get(published)?.find(isMeant) ??
      this.#buckets.find((sent) => isMeant(sent) && tellsOf(sent.packet, published))
    );
  }

  /** All that tell of it and were late. */
  lateWith(origin: NodeId, published: string): readonly SentDatagram[] {
    const named = [...(this.#byName.get(published) ?? []), ...this.#buckets];
    return named.filter((sent) => sent.isLate && sent.origin === origin && tellsOf(sent.packet, published));
  }

  #index(name: string, sent: SentDatagram): void {
    const others = this.#byName.get(name);
    if (others === undefined) this.#byName.set(name, [sent]);
    else others.push(sent);
  }

  #of(origin: NodeId): OriginLedger {
    let ledger = this.#origins.get(origin);
    if (ledger === undefined) this.#origins.set(origin, (ledger = new OriginLedger()));
    return ledger;
  }
}

/** How far its sender says that it has come, for what says so: a heartbeat, a beacon about itself, a goodbye. */
export function ownWord(bytes: Buffer): { readonly sender: NodeId; readonly highest: number } | undefined {
  const type = bytes[1];
  if (type !== PacketType.HEARTBEAT && type !== PacketType.BEACON && type !== PacketType.LEAVE) return undefined;
  const packet = decodePacket(bytes);
  switch (packet.kind) {
    case 'heartbeat':
      return { sender: packet.sender, highest: packet.trailer?.sequence ?? 0 };
    case 'beacon':
      return packet.about === packet.sender ? packet : undefined;
    case 'leave':
      return packet;
    default:
      return undefined;
  }
}

function sequencedPacket(bytes: Buffer): SequencedPacket | undefined {
  const packet = decodePacket(bytes);
  if (packet.kind === 'repair') return packet.event;
  if (packet.kind === 'matching' || packet.kind === 'buckets') return packet;
  if (packet.kind !== 'batch' || packet.trailer === undefined) return undefined;
  return { ...packet, trailer: packet.trailer };
}

function takeFirst(unsent: Map<string, Instant>, packet: SequencedPacket, now: Instant): Instant {
  let first = now;
  for (const [published, at] of packet.kind === 'buckets' ? unsent : []) {
    if (!tellsOf(packet, published)) continue;
    first = Math.min(first, at);
    unsent.delete(published);
  }
  for (const published of namesIn(packet)) {
    first = Math.min(first, unsent.get(published) ?? now);
    unsent.delete(published);
  }
  return first;
}

function namesIn(packet: SequencedPacket): readonly string[] {
  if (packet.kind === 'batch') return packet.keys;
  return packet.kind === 'matching' ? packet.patterns : [];
}

function tellsOf(packet: SequencedPacket, published: string): boolean {
  if (packet.kind === 'buckets') return packet.buckets === 'all' || packet.buckets.matches(published);
  return namesIn(packet).includes(published);
}
