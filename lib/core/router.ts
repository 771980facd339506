import { assertNever } from '../primitives/assert-never.js';
import type { Instant } from '../primitives/instant.js';
import type { Member } from '../membership/member.js';
import { decodePacket } from '../wire/decode-packet.js';
import { DEFAULT_CLUSTER_TAG } from '../wire/cluster-tag.js';
import type {
  HeartbeatPacket,
  LeavePacket,
  Packet,
  PeersPacket,
  PingPacket,
  PingRequestPacket,
  PongPacket,
} from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { Greeter } from './greeter.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';
import type { Pulse } from './pulse.js';
import type { Receiver } from './receiver.js';
import type { Roster } from './roster.js';
import type { Watch } from './watch.js';

type MemberFrame = LeavePacket | PingPacket | PingRequestPacket | PongPacket | PeersPacket;

interface Parts {
  readonly roster: Roster;
  readonly greeter: Greeter;
  readonly exchange: PeerExchange;
  readonly pulse: Pulse;
  readonly watch: Watch;
  readonly receiver: Receiver;
}

/** Brings each datagram to the part that it is for, once it is known to be of this mesh and of whom it may be from. */
export class Router {
  readonly #context: NodeContext;
  readonly #parts: Parts;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  route(now: Instant, arrival: Arrival, bytes: Buffer): void {
    const { counters, config } = this.#context;
    counters.values.datagramsReceived++;
    counters.values.bytesReceived += bytes.length;
    const packet = decodePacket(bytes);
    if (packet.kind === 'refused') counters.drop(packet.reason);
    else if (packet.sender === config.id) this.#meetSelf(arrival, packet);
    else if (this.#isForeign(packet)) counters.drop('other-cluster');
    else this.#dispatch(now, arrival, packet, bytes);
  }

  #dispatch(now: Instant, arrival: Arrival, packet: Packet, bytes: Buffer): void {
    switch (packet.kind) {
      case 'batch':
      case 'matching':
        return this.#parts.receiver.handleEvents(now, arrival, packet, bytes);
      case 'invalidate':
        return this.#parts.receiver.handleLegacyEvents(now, arrival, packet, bytes);
      case 'heartbeat':
        return this.#handleHeartbeat(now, arrival, packet, bytes.length);
      case 'hello':
      case 'hello-ack':
        return this.#parts.greeter.handleHello(now, arrival, packet, bytes.length);
      case 'leave':
      case 'ping':
      case 'ping-request':
      case 'pong':
      case 'peers':
        return this.#handleFrame(now, arrival, packet, bytes.length);
      case 'unknown':
        return this.#context.counters.drop('unknown-type');
      default:
        return assertNever(packet);
    }
  }

  #handleHeartbeat(now: Instant, arrival: Arrival, packet: HeartbeatPacket, length: number): void {
    if (packet.trailer === undefined) return this.#parts.receiver.handleLegacyHeartbeat(now, arrival, packet);
    const member = this.#context.members.get(packet.sender);
    if (member !== undefined) this.#parts.pulse.handleHeartbeat(now, arrival, member, packet);
    else this.#parts.receiver.handleStranger(now, arrival, packet.sender, length);
  }

  /** Only who hears at its own address knows the nonce: nobody else can take a member's leave, or ask in its name. */
  #handleFrame(now: Instant, arrival: Arrival, packet: MemberFrame, length: number): void {
    const member = this.#context.members.get(packet.sender);
    if (member === undefined) return this.#parts.receiver.handleStranger(now, arrival, packet.sender, length);
    if (packet.nonce !== member.ourNonce) {
      this.#context.counters.drop('wrong-nonce');
      return this.#parts.greeter.regreet(now, member);
    }
    this.#parts.roster.heard(now, member, arrival.viaGroup);
    this.#handleMember(now, member, packet);
  }

  #handleMember(now: Instant, member: Member, packet: MemberFrame): void {
    switch (packet.kind) {
      case 'leave':
        return this.#parts.roster.depart(now, member, 'left', packet.highest);
      case 'ping':
        return this.#parts.watch.handlePing(now, member, packet);
      case 'ping-request':
        return this.#parts.watch.handlePingRequest(member, packet);
      case 'pong':
        if (packet.hearsGroup) this.#parts.pulse.noteHearsGroup(now, member);
        return this.#parts.watch.handlePong(now, member, packet);
      case 'peers':
        return this.#parts.exchange.handlePeers(now, member, packet);
      default:
        return assertNever(packet);
    }
  }

  #isForeign(packet: Packet): boolean {
    switch (packet.kind) {
      case 'invalidate':
      case 'unknown':
        return false;
      case 'batch':
      case 'heartbeat':
      case 'matching':
        return packet.trailer !== undefined && this.#isForeignTag(packet.trailer.clusterTag ?? DEFAULT_CLUSTER_TAG);
      default:
        return this.#isForeignTag(packet.clusterTag);
    }
  }

  #isForeignTag(tag: number): boolean {
    return tag !== this.#context.clusterTag;
  }

  /** A greeting that comes back to its sender tells an own address; what the group sends back tells nothing. */
  #meetSelf(arrival: Arrival, packet: Packet): void {
    this.#context.counters.drop('own');
    if (packet.kind !== 'hello' || packet.toGroup || !this.#context.endpoints.includes(arrival.from)) return;
    const greeting = this.#context.greetings.echoed(packet.nonce);
    if (greeting === undefined) return;
    this.#context.selfEndpoints.add(greeting.endpoint);
    this.#context.greetings.close(greeting);
  }
}
