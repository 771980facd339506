import { assertNever } from '../primitives/assert-never.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { Instant } from '../primitives/instant.js';
import type { Member } from '../membership/member.js';
import type { HeartbeatPacket, HelloPacket, LeavePacket, Packet, PeersPacket } from '../wire/packet.js';
import type { PingPacket, PingRequestPacket, PongPacket } from '../wire/probe-packet.js';
import type { ReplyPacket, ReplyRequestPacket } from '../wire/request-packet.js';
import type { ReceiptPacket, ReceiptRequestPacket } from '../wire/receipt-packet.js';
import type { AckPacket, BeaconPacket, NackPacket, ResyncPacket, ResyncRequestPacket } from '../wire/repair-packet.js';
import type { Arrival } from './arrival.js';
import type { Greeter } from './greeter.js';
import type { Handshake } from './handshake.js';
import type { LegacyReceiver } from './legacy-receiver.js';
import type { Leaving } from './leaving.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';
import type { Pulse } from './pulse.js';
import type { Reach } from './reach.js';
import type { Receiver } from './receiver.js';
import { LINGER_MS } from './recovery.js';
import type { Receipts } from './receipts.js';
import type { Reliability } from './reliability.js';
import type { Roster } from './roster.js';
import type { Watch } from './watch.js';

type MemberFrame =
  | LeavePacket
  | PingPacket
  | PingRequestPacket
  | PongPacket
  | PeersPacket
  | BeaconPacket
  | NackPacket
  | AckPacket
  | ResyncRequestPacket
  | ResyncPacket
  | ReceiptPacket
  | ReceiptRequestPacket
  | ReplyPacket
  | ReplyRequestPacket;

interface Parts {
  readonly roster: Roster;
  readonly greeter: Greeter;
  readonly handshake: Handshake;
  readonly reach: Reach;
  readonly exchange: PeerExchange;
  readonly pulse: Pulse;
  readonly watch: Watch;
  readonly receiver: Receiver;
  readonly legacy: LegacyReceiver;
  readonly reliability: Reliability;
  readonly receipts: Receipts;
  readonly leaving: Leaving;
}

/** Brings what the gate has let pass to the part that it is for. */
export class Router {
  readonly #context: NodeContext;
  readonly #parts: Parts;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  dispatch(now: Instant, arrival: Arrival, packet: Packet, bytes: Buffer): void {
    switch (packet.kind) {
      case 'batch':
      case 'matching':
      case 'buckets':
      case 'request':
      case 'fragment':
        return this.#parts.receiver.handleEvents(now, arrival, packet, bytes);
      case 'invalidate':
        return this.#parts.legacy.handleEvents(now, arrival, packet, bytes);
      case 'heartbeat':
        return this.#handleHeartbeat(now, arrival, packet, bytes.length);
      case 'hello':
      case 'hello-ack':
        return this.#handleHello(now, arrival, packet, bytes.length);
      case 'repair':
        return this.#parts.receiver.handleRepair(now, arrival, packet, bytes);
      case 'beacon':
        if (packet.nonce === NO_NONCE) return this.#handleGroupBeacon(now, arrival, packet, bytes.length);
        return this.#handleFrame(now, arrival, packet, bytes.length);
      case 'nack':
      case 'ack':
      case 'resync-request':
      case 'resync':
      case 'leave':
      case 'ping':
      case 'ping-request':
      case 'pong':
      case 'peers':
      case 'receipt':
      case 'receipt-request':
      case 'reply':
      case 'reply-request':
        return this.#handleFrame(now, arrival, packet, bytes.length);
      case 'unknown':
        return this.#context.counters.drop('unknown-type');
      default:
        return assertNever(packet);
    }
  }

  #handleHeartbeat(now: Instant, arrival: Arrival, packet: HeartbeatPacket, length: number): void {
    if (packet.trailer === undefined) return this.#parts.legacy.handleHeartbeat(now, arrival, packet);
    const member = this.#context.members.get(packet.sender);
    if (member === undefined) return this.#parts.receiver.handleStranger(now, arrival, packet.sender, length);
    this.#parts.pulse.handleHeartbeat(now, arrival, member, packet);
    this.#checkSource(now, arrival, member, length);
  }

  /** After its last event a member tells everyone how far it has come. */
  #handleGroupBeacon(now: Instant, arrival: Arrival, packet: BeaconPacket, length: number): void {
    const member = this.#context.members.get(packet.sender);
    if (member === undefined) return this.#parts.receiver.handleStranger(now, arrival, packet.sender, length);
    if (packet.about !== packet.sender) return this.#context.counters.drop('wrong-nonce');
    this.#parts.roster.heard(now, member);
    const stream = this.#context.streams.get(member.id);
    if (stream !== undefined) this.#parts.reliability.reports.noteRepetition(now, member, stream);
    this.#parts.reliability.recovery.handleBeacon(now, member, packet);
  }

  #handleHello(now: Instant, arrival: Arrival, packet: HelloPacket, length: number): void {
    const { members, counters } = this.#context;
    // Its goodbye was meant, and overtook this.
    if (members.departed(packet.sender)?.leftAt !== undefined) return counters.drop('after-goodbye');
    if (this.#context.leaving) return;
    const member = members.get(packet.sender);
    if (!packet.toGroup) {
      if (packet.echo === member?.ourNonce) this.#checkSource(now, arrival, member, length);
      return this.#parts.handshake.handleHello(now, arrival, packet, length);
    }
    if (member === undefined) return this.#parts.greeter.handleGroupHello(now, arrival, length);
    this.#parts.roster.heard(now, member);
    if (arrival.viaGroup && this.#parts.reach.heardByGroup(now, member)) this.#parts.pulse.hasten(now, member);
  }

  /** A member that speaks from where it was never met may have moved there, which it is to prove. */
  #checkSource(now: Instant, arrival: Arrival, member: Member, length: number): void {
    if (this.#context.members.at(arrival.from) === member) return;
    this.#parts.greeter.handleStranger(now, arrival, length);
  }

  /** Only who hears at its own address knows the nonce: nobody else can take a member's leave, or ask in its name. */
  #handleFrame(now: Instant, arrival: Arrival, packet: MemberFrame, length: number): void {
    const member = this.#context.members.get(packet.sender);
    if (member === undefined) return this.#handleDeparted(now, arrival, packet, length);
    if (packet.nonce !== member.ourNonce) {
      this.#context.counters.drop('wrong-nonce');
      return this.#parts.greeter.regreet(now, member);
    }
    this.#parts.roster.heard(now, member);
    this.#checkSource(now, arrival, member, length);
    this.#followSource(arrival, member);
    this.#handleMember(now, member, packet);
  }

  /** Whoever has just said goodbye answers for a moment more. */
  #handleDeparted(now: Instant, arrival: Arrival, packet: MemberFrame, length: number): void {
    const member = this.#context.members.lingering(packet.sender, now - LINGER_MS);
    if (member === undefined) return this.#parts.receiver.handleStranger(now, arrival, packet.sender, length);
    if (packet.nonce !== member.ourNonce) return this.#context.counters.drop('wrong-nonce');
    // Its goodbyes are repeated until they are answered.
    if (packet.kind === 'leave') this.#handleRepeatedLeave(now, member, packet);
    else if (packet.kind === 'beacon') this.#parts.reliability.recovery.handleBeacon(now, member, packet);
  }

  /** Of the addresses that it proved, the one that it speaks from is the one that works now. */
  #followSource(arrival: Arrival, member: Member): void {
    const { members } = this.#context;
    if (!arrival.viaGroup && members.at(arrival.from) === member) members.move(member, arrival.from);
  }

  #handleMember(now: Instant, member: Member, packet: MemberFrame): void {
    switch (packet.kind) {
      case 'leave':
        return this.#handleLeave(now, member, packet);
      case 'nack':
        return this.#parts.reliability.repairer.handleNack(now, member, packet);
      case 'resync-request':
        return this.#parts.reliability.repairer.handleResyncRequest(now, member, packet);
      case 'resync':
        return this.#parts.reliability.recovery.handleResync(now, member, packet);
      case 'ack':
        this.#context.flow.report(now, member.id, packet);
        return this.#parts.leaving.handleAck(member, packet);
      case 'beacon':
        if (packet.about !== member.id)
          this.#parts.reliability.lastWords.answered(packet.about, member.id, packet.floor > 0);
        return this.#parts.reliability.recovery.handleBeacon(now, member, packet);
      case 'ping':
        return this.#parts.watch.handlePing(now, member, packet);
      case 'ping-request':
        return this.#parts.watch.handlePingRequest(member, packet);
      case 'pong':
        if (packet.about === member.id) this.#parts.reach.noteAnswer(now, member, packet.hearsGroup);
        return this.#parts.watch.handlePong(now, member, packet);
      case 'peers':
        return this.#parts.exchange.handlePeers(now, member, packet);
      case 'receipt':
        return this.#parts.receipts.handleReceipt(now, member, packet);
      case 'receipt-request':
        return this.#parts.receipts.handleRequest(now, member, packet);
      case 'reply':
        return this.#parts.receipts.replies.handleReply(now, member, packet);
      case 'reply-request':
        return this.#parts.receipts.replies.handleRequest(now, member, packet);
      default:
        return assertNever(packet);
    }
  }

  #handleRepeatedLeave(now: Instant, member: Member, packet: LeavePacket): void {
    const stream = this.#context.streams.get(member.id);
    if (stream !== undefined) this.#parts.reliability.recovery.confirm(now, stream, packet.highest);
    this.#parts.leaving.acknowledge(member);
  }

  /** Its last sequence shows what is missing of it, which it repeats for a moment more. */
  #handleLeave(now: Instant, member: Member, packet: LeavePacket): void {
    const stream = this.#context.streams.get(member.id);
    if (stream !== undefined) this.#parts.reliability.recovery.confirm(now, stream, packet.highest);
    this.#parts.roster.depart(now, member, 'left', packet.highest);
    this.#parts.leaving.acknowledge(member);
  }
}
