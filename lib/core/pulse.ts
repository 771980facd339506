import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { randomBelow, randomFraction } from '../primitives/random.js';
import type { Member } from '../membership/member.js';
import type { HeartbeatPacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';
import type { Hearsay } from './hearsay.js';
import type { Reach } from './reach.js';
import type { Recovery } from './recovery.js';
import type { Roster } from './roster.js';

/** Heartbeats come this much early at random, so that nodes that started together drift apart. */
const JITTER = 0.1;
/** An early heartbeat tells of a new member; with many members it waits, so that a rush of them makes one. */
const EARLY_SPACING_MS = 20;
const EARLY_SPACING_PER_MEMBER_MS = 2;
/** What is less urgent goes out by this part of a heartbeat. */
const HASTE_HEARTBEATS = 0.2;
/**
 * An early heartbeat goes to those it concerns and to this many others, from whom news spreads by itself: if everyone
 * told everyone of each newcomer, one that joins 200 would cost 40,000 datagrams.
 */
const EARLY_OTHERS = 3;
/** If it concerns more than this, the group is cheaper. */
const EARLY_TO_GROUP = 8;

interface Parts {
  readonly roster: Roster;
  readonly exchange: PeerExchange;
  readonly reach: Reach;
  readonly recovery: Recovery;
  readonly hearsay: Hearsay;
}

/**
 * Keep-alive. A heartbeat goes to the group once, and by itself to those only who have not lately confirmed that they
 * hear the group. With it goes whatever is to be tried again and again.
 */
export class Pulse {
  readonly #context: NodeContext;
  readonly #parts: Parts;
  readonly #concerned = new Set<Member>();
  #nextAt: Instant = NEVER;
  #earlyAt: Instant = NEVER;
  #lastAt: Instant = -NEVER;

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  start(now: Instant): void {
    this.#nextAt = now;
  }

  stop(): void {
    this.#nextAt = NEVER;
    this.#earlyAt = NEVER;
  }

  deadline(): Instant {
    return Math.min(this.#nextAt, this.#earlyAt);
  }

  handleTimeout(now: Instant): void {
    if (now >= this.#nextAt) this.#beat(now);
    else if (now >= this.#earlyAt) this.#beatEarly(now);
  }

  #beat(now: Instant): void {
    this.#nextAt = now + this.#context.config.heartbeatMs * (1 - JITTER * randomFraction(this.#context.config.random));
    this.#send(now, this.#context.config.multicast, this.#allAddresses(now));
    this.#parts.roster.greetSeeds(now);
    this.#parts.roster.greetUnconfirmed(now);
    this.#greetOneLost(now);
    this.#parts.reach.watchGroup(now);
  }

  /** A member is new: others should learn of it before the next heartbeat is due. */
  quicken(now: Instant, concerned: readonly Member[]): void {
    const { config, members } = this.#context;
    const spacing = Math.min(EARLY_SPACING_MS + EARLY_SPACING_PER_MEMBER_MS * members.size, config.heartbeatMs);
    for (const member of concerned) this.#concerned.add(member);
    this.#earlyAt = Math.min(this.#earlyAt, Math.max(now, this.#lastAt + spacing));
  }

  /** A member should soon hear what heartbeats say. */
  hasten(now: Instant, concerned: Member): void {
    this.#concerned.add(concerned);
    this.#earlyAt = Math.min(this.#earlyAt, now + HASTE_HEARTBEATS * this.#context.config.heartbeatMs);
  }

  handleHeartbeat(now: Instant, arrival: Arrival, member: Member, packet: HeartbeatPacket): void {
    this.#parts.roster.heard(now, member);
    if (arrival.viaGroup && this.#parts.reach.heardByGroup(now, member)) this.hasten(now, member);
    this.#takeSequence(now, member, packet.trailer?.sequence ?? 0);
    this.#parts.hearsay.take(now, member, packet);
    if (packet.members === undefined) return;
    member.digest = packet.members;
    this.#parts.reach.noteStatement(now, member, packet.members);
    this.#parts.exchange.compare(now, member);
  }

  /** A heartbeat bears no nonce: what it says is a claim, of which the member is asked when it can not be true. */
  #takeSequence(now: Instant, member: Member, sequence: number): void {
    const stream = this.#context.streams.get(member.id);
    if (stream === undefined) return;
    if (sequence < stream.window.top)
      return this.#parts.recovery.question(now, stream, this.#context.config.heartbeatMs);
    this.#parts.recovery.claim(now, stream, sequence, member.id);
  }

  #beatEarly(now: Instant): void {
    const toGroup = this.#context.config.multicast && this.#concerned.size > EARLY_TO_GROUP;
    const concerned = toGroup
      ? [...this.#concerned].filter((member) => !member.hearsGroup(now))
      : this.#drawConcerned();
    this.#send(
      now,
      toGroup,
      concerned.map(({ endpoint }) => endpoint),
    );
  }

  #send(now: Instant, toGroup: boolean, to: readonly Endpoint[]): void {
    this.#lastAt = now;
    this.#earlyAt = NEVER;
    this.#concerned.clear();
    const { config, highest, floor, advertised, clusterTag, outbox, members } = this.#context;
    const packet: HeartbeatPacket = {
      kind: 'heartbeat',
      sender: config.id,
      address: advertised,
      trailer: { sequence: highest, floor, sentAtMs: 0, clusterTag },
      members: { ...members.digest(), unheard: this.#parts.reach.unheard(now) },
      ...this.#parts.hearsay.tell(now),
    };
    outbox.toMany(packet, toGroup, to);
  }

  /** Those who would not hear it otherwise, seeds that may be v1 nodes among them. */
  #allAddresses(now: Instant): Endpoint[] {
    const to = this.#context.unicastMembers(now);
    for (const seed of this.#context.seeds) {
      if (this.#context.members.at(seed) === undefined && !this.#context.isSelf(seed)) to.push(seed);
    }
    return to;
  }

  #drawConcerned(): Member[] {
    const { members, config } = this.#context;
    const all = [...members.values()];
    for (let drawn = 0; drawn < EARLY_OTHERS && all.length > 0; drawn++) {
      this.#concerned.add(all[randomBelow(config.random, all.length)]!);
    }
    return [...this.#concerned].filter((member) => members.get(member.id) === member);
  }

  /** A partition may heal after everyone was given up on both sides: then only old addresses lead back. */
  #greetOneLost(now: Instant): void {
    const lost = [...this.#context.members.lostEndpoints()];
    const chosen = lost[randomBelow(this.#context.config.random, lost.length)];
    if (chosen !== undefined) this.#parts.roster.greet(now, chosen, 'old', now);
  }
}
