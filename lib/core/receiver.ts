import { assertNever } from '../primitives/assert-never.js';
import { type Endpoint, parseEndpoint } from '../primitives/endpoint.js';
import { fnv1a32 } from '../primitives/fnv1a.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { LEGACY_TIMEOUT_MS, LegacyPeer } from '../membership/legacy-table.js';
import type { Member } from '../membership/member.js';
import type { PeerView } from '../membership/peer-view.js';
import type { BatchPacket, HeartbeatPacket, InvalidatePacket, MatchingPacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { Greeter } from './greeter.js';
import type { NodeContext } from './node-context.js';
import type { Pulse } from './pulse.js';
import type { Reach } from './reach.js';
import type { Roster } from './roster.js';
import type { Watch } from './watch.js';

interface Parts {
  readonly roster: Roster;
  readonly reach: Reach;
  readonly pulse: Pulse;
  readonly greeter: Greeter;
  readonly watch: Watch;
}

/**
 * What comes in and holds events. Those of a verified member are handed up at once, each datagram once, in any order;
 * those of a node that has not proved its address are not, and it is asked to.
 */
export class Receiver {
  readonly #context: NodeContext;
  readonly #parts: Parts;
  /** Strangers that were seen with a trailer: nobody can speak for them in v1's way. */
  readonly #extended = new Set<NodeId>();

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  handleEvents(now: Instant, arrival: Arrival, packet: BatchPacket | MatchingPacket, bytes: Buffer): void {
    if (packet.trailer === undefined) {
      if (packet.kind === 'batch') this.handleLegacyEvents(now, arrival, packet, bytes);
      return;
    }
    const { sequence } = packet.trailer;
    const member = this.#context.members.get(packet.sender);
    if (member !== undefined) {
      this.#parts.roster.heard(now, member);
      if (arrival.viaGroup && this.#parts.reach.heardByGroup(now, member)) this.#parts.pulse.hasten(now, member);
      if (this.#isFirstSight(now, member, sequence)) this.#deliver(member, packet, sequence);
      return;
    }
    if (this.#isLateWord(packet.sender, sequence)) return this.#deliverLate(now, arrival, packet, sequence);
    this.handleStranger(now, arrival, packet.sender, bytes.length);
  }

  /** One key, or a batch without our trailer. */
  handleLegacyEvents(now: Instant, arrival: Arrival, packet: InvalidatePacket | BatchPacket, bytes: Buffer): void {
    if (this.#isExtended(packet.sender)) return this.#context.counters.drop('downgrade');
    const peer = this.#legacyPeer(now, packet.sender, arrival.from);
    if (peer?.isTwin(now, arrival.viaGroup, fnv1a32(bytes)) === true) {
      this.#context.counters.values.duplicates++;
      return;
    }
    const origin: PeerView = peer ?? new LegacyPeer(packet.sender, arrival.from, now);
    const keys = (packet.kind === 'batch' ? packet.keys : [packet.key]).filter((key) => key !== '');
    this.#deliverKeys(origin, 0, { keys, attachments: undefined });
  }

  handleLegacyHeartbeat(now: Instant, arrival: Arrival, packet: HeartbeatPacket): void {
    if (this.#isExtended(packet.sender)) return this.#context.counters.drop('downgrade');
    const peer = this.#legacyPeer(now, packet.sender, arrival.from);
    if (peer !== undefined) peer.endpoint = this.#legacyEndpoint(arrival.from, packet.address);
  }

  /** Nothing that it says counts before it has echoed a nonce from where it says to be. */
  handleStranger(now: Instant, arrival: Arrival, sender: NodeId, length: number): void {
    this.#context.counters.drop('unverified');
    this.#noteExtended(sender);
    this.#parts.greeter.handleStranger(now, arrival, length);
  }

  #isFirstSight(now: Instant, member: Member, sequence: number): boolean {
    const sighting = this.#context.windows.get(member.id)?.see(sequence) ?? 'duplicate';
    switch (sighting) {
      case 'new':
        return true;
      case 'duplicate':
        this.#context.counters.values.duplicates++;
        return false;
      case 'beyond':
        this.#context.counters.drop('beyond-window');
        this.#parts.watch.ask(now, member);
        return false;
      default:
        return assertNever(sighting);
    }
  }

  /** Whether this was sent before the goodbye that overtook it. */
  #isLateWord(sender: NodeId, sequence: number): boolean {
    return sequence <= (this.#context.members.departed(sender)?.leftAt ?? -1);
  }

  #deliverLate(now: Instant, arrival: Arrival, packet: BatchPacket | MatchingPacket, sequence: number): void {
    if (this.#context.windows.get(packet.sender)?.see(sequence) !== 'new') {
      this.#context.counters.values.duplicates++;
      return;
    }
    const origin: PeerView = {
      id: packet.sender,
      endpoint: arrival.from,
      zone: undefined,
      state: 'left',
      legacy: false,
      client: false,
      lastHeardAt: now,
    };
    this.#deliver(origin, packet, sequence);
  }

  #deliver(origin: PeerView, packet: BatchPacket | MatchingPacket, sequence: number): void {
    if (packet.kind === 'batch') return this.#deliverKeys(origin, sequence, packet);
    if (packet.patterns.length === 0) return;
    this.#context.counters.values.delivered += packet.patterns.length;
    this.#context.events.push({ kind: 'matching', origin, sequence, patterns: packet.patterns });
  }

  #deliverKeys(origin: PeerView, sequence: number, batch: Pick<BatchPacket, 'keys' | 'attachments'>): void {
    if (batch.keys.length === 0) return;
    this.#context.counters.values.delivered += batch.keys.length;
    this.#context.events.push({ kind: 'keys', origin, sequence, keys: batch.keys, attachments: batch.attachments });
  }

  #legacyPeer(now: Instant, id: NodeId, from: Endpoint): LegacyPeer | undefined {
    this.#parts.watch.expect(now + LEGACY_TIMEOUT_MS);
    return this.#parts.roster.legacyPeer(now, id, from);
  }

  #noteExtended(id: NodeId): void {
    this.#extended.add(id);
    if (this.#extended.size <= this.#context.config.limits.unverifiedPeers) return;
    for (const oldest of this.#extended) {
      this.#extended.delete(oldest);
      return;
    }
  }

  #isExtended(id: NodeId): boolean {
    const { members } = this.#context;
    return members.get(id) !== undefined || members.departed(id) !== undefined || this.#extended.has(id);
  }

  /** The address that it gives, if the user named that one; else the one that it was heard from. */
  #legacyEndpoint(from: Endpoint, advertised: string): Endpoint {
    const known = this.#context.seeds.has(advertised) && parseEndpoint(advertised) !== undefined;
    return known ? advertised : from;
  }
}
