import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { LEGACY_TIMEOUT_MS, type LegacyPeer } from '../membership/legacy-table.js';
import { Member, type MemberFacts } from '../membership/member.js';
import { GONE_TOLD_MS } from '../membership/member-table.js';
import type { PeerState, PeerView } from '../membership/peer-view.js';
import { InboundStream } from '../reliability/inbound-stream.js';
import type { NodeContext } from './node-context.js';

/**
 * How long a member that is gone is remembered, and looked for where it lived when it fell silent. Partitions may last for
 * hours, and what was heard of it until then is what a heal begins with.
 */
const DEPARTED_MEMORY_MS = 24 * 3_600_000;
/** A peer that was met late and has sent more than this is asked for its buckets: repeating all that costs more. */
const REPEATABLE_PAST = 64;

/** A member that has gone since this was last asked. */
export interface Departure {
  readonly member: Member;
  readonly how: 'left' | 'dead';
}

/** Who belongs to the mesh. The only part that adds members, confirms them and lets them go. */
export class Roster {
  readonly #context: NodeContext;
  #peersLimitTold = false;
  #grown = false;
  #newlyConfirmed: Member[] = [];
  #departures: Departure[] = [];
  /** Streams that are not followed any more. */
  #replaced: InboundStream[] = [];
  /** Whether the last that went fell silent, in which case being alone means being cut off. */
  #lastWasLost = false;

  constructor(context: NodeContext) {
    this.#context = context;
  }

  get lastWasLost(): boolean {
    return this.#lastWasLost;
  }

  /** Whether anyone was admitted or confirmed since this was last asked. */
  takeGrowth(): boolean {
    const grown = this.#grown;
    this.#grown = false;
    return grown;
  }

  /** The members confirmed since this was last asked. */
  takeConfirmed(): readonly Member[] {
    const confirmed = this.#newlyConfirmed;
    this.#newlyConfirmed = [];
    return confirmed;
  }

  /** The streams that were let go of since this was last asked. */
  takeReplaced(): readonly InboundStream[] {
    const replaced = this.#replaced;
    if (replaced.length > 0) this.#replaced = [];
    return replaced;
  }

  /** The members that have gone since this was last asked. */
  takeDepartures(): readonly Departure[] {
    const departures = this.#departures;
    if (departures.length > 0) this.#departures = [];
    return departures;
  }

  /**
   * Takes in a node that has echoed a nonce from its address. Whoever was known there before is gone, as one node lives
   * at an address.
   */
  admit(now: Instant, facts: MemberFacts, highest: number): Member | undefined {
    const { members, legacy, config } = this.#context;
    this.vacate(now, facts.endpoint);
    if (members.size >= config.limits.peers) {
      this.#refuse();
      return undefined;
    }
    const member = new Member(facts, now);
    this.#noteLongAbsence(now, facts.id);
    members.add(member);
    // Before it was met, anybody could speak for it in v1's way.
    legacy.remove(facts.id);
    this.#grown = true;
    this.#follow(facts.id, highest);
    return member;
  }

  /** Somebody else proved to live at the address. */
  vacate(now: Instant, endpoint: Endpoint, successor?: Member): void {
    const previous = this.#context.members.at(endpoint);
    if (previous?.endpoint === endpoint && previous !== successor) this.depart(now, previous, 'dead');
  }

  /** Both have now seen their nonce echoed: from here on the member counts. */
  confirm(member: Member): void {
    if (member.confirmed) return;
    this.#context.members.confirm(member);
    this.#context.counters.values.joined++;
    this.#grown = true;
    this.#newlyConfirmed.push(member);
    this.#context.flow.add(member.lastHeardAt, member.id);
    this.#lastWasLost = false;
    this.#context.tellPeer(member);
  }

  /** A packet of the member's own has arrived. */
  heard(now: Instant, member: Member): void {
    member.lastHeardAt = now;
    this.showedLife(now, member);
  }

  /** The member lives, by its own word or by that of a third. */
  showedLife(now: Instant, member: Member): void {
    member.lastAliveAt = now;
    if (member.state !== 'suspect') return;
    member.state = 'alive';
    member.nextProbeAt = -NEVER;
    this.#context.tellPeer(member);
  }

  suspect(member: Member): void {
    if (member.state === 'suspect') return;
    member.state = 'suspect';
    member.nextProbeAt = -NEVER;
    this.#context.tellPeer(member);
  }

  /** The member is gone: it said goodbye with the last sequence it used, or it fell silent. */
  depart(now: Instant, member: Member, how: 'left' | 'dead', leftAt?: number): void {
    const { members, counters, flow } = this.#context;
    const forgotten = members.remove(member, now, leftAt);
    if (forgotten !== undefined) this.#forgetStream(forgotten);
    flow.remove(member.id);
    this.#departures.push({ member, how });
    this.#lastWasLost = how === 'dead';
    if (!member.confirmed) return;
    if (how === 'left') counters.values.left++;
    else counters.values.lost++;
    member.state = how;
    this.#context.tellPeer(member);
    this.greetSeeds(now);
  }

  /** Greets all seeds at which no member lives. */
  greetSeeds(now: Instant): void {
    for (const endpoint of this.#context.seeds) this.greet(now, endpoint, 'seed', now);
  }

  /** Goes on greeting members whose handshake was cut short by losses. */
  greetUnconfirmed(now: Instant): void {
    for (const { confirmed, endpoint, ourNonce } of this.#context.members.values()) {
      if (!confirmed) this.#context.greetings.open(now, endpoint, { reason: 'told', firstAt: now, nonce: ourNonce });
    }
  }

  /** Greets the address, unless this node or a member lives there. */
  greet(now: Instant, endpoint: Endpoint, reason: 'seed' | 'told' | 'old', firstAt: Instant): void {
    if (this.#context.isSelf(endpoint) || this.#context.members.at(endpoint) !== undefined) return;
    if (this.#context.greetings.open(now, endpoint, { reason, firstAt }) === undefined) {
      this.#context.counters.drop('unverified-limit');
    }
  }

  /** The v1 node of that id, made known if there is room. */
  legacyPeer(now: Instant, id: NodeId, from: Endpoint): LegacyPeer | undefined {
    const known = this.#context.legacy.get(id);
    if (known !== undefined) {
      known.lastHeardAt = now;
      return known;
    }
    const peer = this.#context.legacy.add(id, from, now);
    if (peer === undefined) {
      this.#context.counters.drop('unverified-limit');
      return undefined;
    }
    this.#context.counters.values.joined++;
    this.#context.events.push({ kind: 'peer', peer: viewOf(peer, 'alive') });
    return peer;
  }

  /** Forgets v1 nodes that have been silent for too long, and members that have been gone for long. */
  forget(now: Instant): void {
    for (const peer of this.#context.legacy.values()) {
      if (now < peer.lastHeardAt + LEGACY_TIMEOUT_MS) continue;
      this.#context.legacy.remove(peer.id);
      this.#context.counters.values.lost++;
      this.#context.events.push({ kind: 'peer', peer: viewOf(peer, 'dead') });
    }
    this.#context.members.forgetDeparted(now - DEPARTED_MEMORY_MS, (id) => this.#forgetStream(id));
    this.#context.members.forgetLost(now - DEPARTED_MEMORY_MS);
  }

  /**
   * Who was known before goes on where it stood. What a node said before this one was ready does not matter; one that
   * is met later may have said what this node should have heard, from its first word on.
   */
  #follow(id: NodeId, highest: number): void {
    const { streams, readyAt } = this.#context;
    const known = streams.get(id);
    if (known !== undefined && !(known.relayed && known.window.top > highest)) {
      if (!known.relayed) known.cause = 'heal';
      known.relayed = false;
      return;
    }
    const stream = new InboundStream(id, readyAt === undefined || known !== undefined ? highest : 0);
    stream.cause = 'join';
    streams.set(id, stream);
    // What others told of it was not so, and what it has said nobody knows.
    if (known !== undefined) {
      this.#replaced.push(known);
      this.#context.raise('join', id, 'all');
    }
    if (highest - stream.window.top > REPEATABLE_PAST) stream.skip(highest);
  }

  /** Of others that died meanwhile, on its side of a cut, nobody tells any more. */
  #noteLongAbsence(now: Instant, id: NodeId): void {
    const { members, readyAt } = this.#context;
    const gone = members.departed(id);
    if (gone === undefined || readyAt === undefined || now - gone.at < GONE_TOLD_MS) return;
    this.#context.raise('heal', id, 'all');
  }

  #forgetStream(id: NodeId): void {
    const stream = this.#context.streams.get(id);
    if (stream === undefined) return;
    this.#context.streams.delete(id);
    this.#replaced.push(stream);
  }

  #refuse(): void {
    const { config, counters, events } = this.#context;
    counters.drop('peers-limit');
    if (this.#peersLimitTold) return;
    this.#peersLimitTold = true;
    events.push({ kind: 'warning', warning: { code: 'peers-limit', limit: config.limits.peers } });
  }
}

/** How it is now: the peer itself goes on changing. */
function viewOf(peer: PeerView, state: PeerState): PeerView {
  const { id, endpoint, zone, legacy, client, lastHeardAt } = peer;
  return { id, endpoint, zone, state, legacy, client, lastHeardAt };
}
