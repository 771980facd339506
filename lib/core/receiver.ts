import { assertNever } from '../primitives/assert-never.js';
import type { Instant } from '../primitives/instant.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member } from '../membership/member.js';
import type { PeerView } from '../membership/peer-view.js';
import type { Sighting } from '../reliability/receive-window.js';
import {
  type BatchPacket,
  HEADER_BYTES,
  MAX_EVENT_DATAGRAM_BYTES,
  PacketType,
  type RepairPacket,
  type SequencedPacket,
} from '../wire/packet.js';
import { REPAIR_BODY_AT } from '../wire/repair-codec.js';
import type { Arrival } from './arrival.js';
import { Assembler, type WholePacket } from './assembler.js';
import type { FlowReports } from './flow-reports.js';
import type { Greeter } from './greeter.js';
import type { LegacyReceiver } from './legacy-receiver.js';
import type { NodeContext } from './node-context.js';
import type { Pulse } from './pulse.js';
import type { Reach } from './reach.js';
import type { Receipts } from './receipts.js';
import { LINGER_MS, type Recovery } from './recovery.js';
import type { Roster } from './roster.js';

interface Parts {
  readonly roster: Roster;
  readonly reach: Reach;
  readonly pulse: Pulse;
  readonly greeter: Greeter;
  readonly legacy: LegacyReceiver;
  readonly recovery: Recovery;
  readonly reports: FlowReports;
  readonly receipts: Receipts;
}

const TYPES = {
  batch: PacketType.BATCH,
  matching: PacketType.MATCHING,
  buckets: PacketType.BUCKETS,
  request: PacketType.REQUEST,
  fragment: PacketType.FRAGMENT,
} as const;

/** A datagram with events, and whether its sender says that it repeats it. */
interface Datagram {
  readonly bytes: Buffer;
  readonly repeated: boolean;
}

type EventPacket = BatchPacket | SequencedPacket;

/**
 * What comes in and holds events. Those of a verified member are handed up at once, each datagram once, in any order;
 * those of a node that has not proved its address are not, and it is asked to.
 */
export class Receiver {
  readonly #context: NodeContext;
  readonly #parts: Parts;
  readonly #assembler: Assembler;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#assembler = new Assembler(context);
  }

  handleEvents(now: Instant, arrival: Arrival, packet: EventPacket, bytes: Buffer): void {
    if (packet.trailer === undefined) {
      if (packet.kind === 'batch') this.#parts.legacy.handleEvents(now, arrival, packet, bytes);
      return;
    }
    const member = this.#context.members.get(packet.sender);
    if (member !== undefined) {
      this.#parts.roster.heard(now, member);
      if (arrival.viaGroup && this.#parts.reach.heardByGroup(now, member)) this.#parts.pulse.hasten(now, member);
      return this.#take(now, member, packet as SequencedPacket, { bytes, repeated: false });
    }
    const gone = this.#context.members.departed(packet.sender);
    if (packet.trailer.sequence <= (gone?.leftAt ?? -1)) return this.#takeLate(now, packet as SequencedPacket, bytes);
    this.handleStranger(now, arrival, packet.sender, bytes.length);
  }

  /**
   * A datagram that was sent before, by whoever keeps it. Its origin may repeat anything, to anyone; of others only what is
   * missing is taken, and with the nonce that shows who they are.
   */
  handleRepair(now: Instant, arrival: Arrival, packet: RepairPacket, bytes: Buffer): void {
    const { members } = this.#context;
    const repeated = bytes.subarray(REPAIR_BODY_AT - HEADER_BYTES);
    const { event } = packet;
    if (packet.nonce === NO_NONCE) {
      if (event.sender !== packet.sender) return this.#context.counters.drop('wrong-nonce');
      return this.#handleRepetition(now, arrival, event, repeated);
    }
    const sender = members.get(packet.sender) ?? members.lingering(packet.sender, now - LINGER_MS);
    if (sender === undefined) return this.handleStranger(now, arrival, packet.sender, bytes.length);
    if (packet.nonce !== sender.ourNonce) return this.#context.counters.drop('wrong-nonce');
    if (members.get(packet.sender) === sender) this.#parts.roster.heard(now, sender);
    const member = members.get(event.sender);
    if (member !== undefined && member === sender)
      return this.#take(now, member, event, { bytes: repeated, repeated: true });
    this.#takeLate(now, event, repeated);
  }

  /** Nothing that it says counts before it has echoed a nonce from where it says to be. */
  handleStranger(now: Instant, arrival: Arrival, sender: NodeId, length: number): void {
    this.#context.counters.drop('unverified');
    this.#parts.legacy.noteExtended(sender);
    this.#parts.greeter.handleStranger(now, arrival, length);
  }

  /** An origin repeats the last of a row to everyone, most of whom have heard it. */
  #handleRepetition(now: Instant, arrival: Arrival, event: SequencedPacket, bytes: Buffer): void {
    const member = this.#context.members.get(event.sender);
    if (member === undefined) return this.handleEvents(now, arrival, event, bytes);
    this.#parts.roster.heard(now, member);
    this.#take(now, member, event, { bytes, repeated: true });
  }

  #take(now: Instant, member: Member, packet: SequencedPacket, { bytes, repeated }: Datagram): void {
    const stream = this.#context.streams.get(member.id);
    if (stream === undefined) return;
    const { sequence } = packet.trailer;
    const sighting = stream.see(sequence);
    switch (sighting) {
      case 'new':
      case 'late':
        this.#accept(now, member, packet, bytes);
        if (sighting === 'late' || repeated) this.#context.counters.values.repaired++;
        this.#parts.reports.note(now, member, stream);
        break;
      case 'duplicate':
        if (!repeated) this.#context.counters.values.duplicates++;
        this.#parts.reports.noteRepetition(now, member, stream);
        break;
      case 'beyond':
        this.#context.counters.drop('beyond-window');
        return this.#parts.recovery.claim(now, stream, sequence, member.id);
      default:
        return assertNever(sighting);
    }
    this.#parts.recovery.review(now, stream);
  }

  /** What is missing of a node that is gone, or that is heard through another. */
  #takeLate(now: Instant, packet: SequencedPacket, bytes: Buffer): void {
    const stream = this.#context.streams.get(packet.sender);
    const { sequence } = packet.trailer;
    if (stream === undefined || sequence > stream.known) return this.#context.counters.drop('not-missing');
    if (!isFirst(stream.see(sequence))) {
      this.#context.counters.values.duplicates++;
      return;
    }
    this.#context.counters.values.repaired++;
    this.#accept(now, this.#originOf(now, packet.sender), packet, bytes);
    this.#parts.recovery.review(now, stream);
  }

  #originOf(now: Instant, id: NodeId): PeerView {
    const { members } = this.#context;
    return members.get(id) ?? members.departed(id)?.member ?? unmetOrigin(id, now);
  }

  /** For the first time: it can be repeated to others now, and what is whole with it is handed up. */
  #accept(now: Instant, origin: PeerView, packet: SequencedPacket, bytes: Buffer): void {
    const { sequence } = packet.trailer;
    const body = bytes.subarray(HEADER_BYTES);
    // This library sends none that is longer, and could not repeat it.
    if (bytes.length <= MAX_EVENT_DATAGRAM_BYTES) {
      this.#context.heardRing.keep(now, { origin: packet.sender, sequence, type: typeOf(packet), body });
    }
    const whole = this.#assembler.take(now, packet);
    if (whole !== undefined) this.#handUp(origin, whole);
  }

  #handUp(origin: PeerView, packet: WholePacket): void {
    const { sequence } = packet.trailer;
    switch (packet.kind) {
      case 'batch':
        this.#parts.receipts.noteAsked(packet.sender, packet.attachments);
        return this.#context.deliver(origin, sequence, packet);
      case 'matching':
        if (packet.patterns.length === 0) return;
        this.#context.counters.values.delivered += packet.patterns.length;
        this.#context.events.push({ kind: 'matching', origin, sequence, patterns: packet.patterns });
        return;
      case 'request': {
        const { keys, attachments } = packet;
        this.#parts.receipts.noteAsked(packet.sender, attachments);
        this.#context.events.push({ kind: 'request', origin, keys, attachments });
        return;
      }
      case 'buckets':
        return this.#context.raise('overload', packet.sender, packet.buckets);
      default:
        return assertNever(packet);
    }
  }
}

function isFirst(sighting: Sighting): boolean {
  return sighting === 'new' || sighting === 'late';
}

function typeOf(packet: SequencedPacket): PacketType {
  return TYPES[packet.kind];
}

/** Of a node that only others have met nothing is known but its id. */
function unmetOrigin(id: NodeId, now: Instant): PeerView {
  const unknown = { endpoint: '0.0.0.0:0', zone: undefined, legacy: false, client: false } as const;
  return { id, ...unknown, state: 'suspect', lastHeardAt: now };
}
