import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { shortNodeId } from '../primitives/node-id.js';
import { randomFraction } from '../primitives/random.js';
import { GROUP_CONFIRMATION_HEARTBEATS, type Member } from '../membership/member.js';
import type { HeartbeatPacket, MembershipDigest } from '../wire/packet.js';
import { MAX_UNHEARD_COUNT } from '../wire/trailer-encoder.js';
import type { Arrival } from './arrival.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';
import type { Roster } from './roster.js';

/** Heartbeats come this much early at random, so that nodes that started together drift apart. */
const JITTER = 0.1;
/** An early heartbeat tells the group of a new member; with many members it waits, so that a rush of them makes one. */
const EARLY_SPACING_MS = 20;
const EARLY_SPACING_PER_MEMBER_MS = 2;
/** After this many heartbeats that nobody heard through the group, the user is told. */
const UNHEARD_HEARTBEATS = 3;

/**
 * Keep-alive, and who hears whom through the group. A heartbeat goes to the group once, and by itself to those only who
 * have not lately confirmed that they hear the group.
 */
export class Pulse {
  readonly #context: NodeContext;
  readonly #roster: Roster;
  readonly #exchange: PeerExchange;
  #nextAt: Instant = NEVER;
  #lastAt: Instant = -NEVER;
  #unheard = 0;
  #unheardTold = false;

  constructor(context: NodeContext, roster: Roster, exchange: PeerExchange) {
    this.#context = context;
    this.#roster = roster;
    this.#exchange = exchange;
  }

  start(now: Instant): void {
    this.#nextAt = now;
  }

  stop(): void {
    this.#nextAt = NEVER;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#lastAt = now;
    this.#nextAt = now + this.#context.config.heartbeatMs * (1 - JITTER * randomFraction(this.#context.config.random));
    this.#send(now);
    this.#roster.greetSeeds(now);
    this.#greetOneOfOld(now);
    this.#watchGroup(now);
  }

  /** A member is new: others should learn of it, and it of the group, before the next heartbeat is due. */
  quicken(now: Instant): void {
    const { config, members } = this.#context;
    const spacing = Math.min(EARLY_SPACING_MS + EARLY_SPACING_PER_MEMBER_MS * members.size, config.heartbeatMs);
    this.#nextAt = Math.min(this.#nextAt, Math.max(now, this.#lastAt + spacing));
  }

  handleHeartbeat(now: Instant, arrival: Arrival, member: Member, packet: HeartbeatPacket): void {
    this.#roster.heard(now, member, arrival.viaGroup);
    if (packet.members === undefined) return;
    member.digest = packet.members;
    this.#noteReach(now, member, packet.members);
    this.#exchange.compare(now, member);
  }

  /** The member says that it hears this node through the group. */
  noteHearsGroup(now: Instant, member: Member): void {
    member.hearsGroupUntil = now + GROUP_CONFIRMATION_HEARTBEATS * this.#context.config.heartbeatMs;
  }

  #noteReach(now: Instant, member: Member, digest: MembershipDigest): void {
    const { members, config } = this.#context;
    if (digest.unheard === 'all' || digest.unheard.includes(shortNodeId(config.id))) {
      member.hearsGroupUntil = -NEVER;
      return;
    }
    const own = members.digest();
    if (member.confirmed && digest.hash === own.hash && digest.count === own.count) this.noteHearsGroup(now, member);
  }

  #send(now: Instant): void {
    const { config, highest, advertised, clusterTag, outbox } = this.#context;
    const packet: HeartbeatPacket = {
      kind: 'heartbeat',
      sender: config.id,
      address: advertised,
      trailer: {
        sequence: highest,
        floor: highest + 1,
        sentAtMs: 0,
        clusterTag,
      },
      members: this.#digest(now),
    };
    outbox.toMany(packet, config.multicast, this.#addressees(now));
  }

  /** Those who would not hear it otherwise, seeds that may be v1 nodes among them. */
  #addressees(now: Instant): Endpoint[] {
    const to: Endpoint[] = [];
    for (const member of this.#context.members.values()) if (!member.hearsGroup(now)) to.push(member.endpoint);
    for (const seed of this.#context.seeds) {
      if (this.#context.members.at(seed) === undefined && !this.#context.isSelf(seed)) to.push(seed);
    }
    return to;
  }

  #digest(now: Instant): MembershipDigest {
    const { config, members } = this.#context;
    if (!config.multicast) return { ...members.digest(), unheard: 'all' };
    const unheard: number[] = [];
    for (const member of members.values()) {
      if (member.confirmed && !member.isHeardByGroup(now)) unheard.push(shortNodeId(member.id));
    }
    const all = unheard.length > MAX_UNHEARD_COUNT || (unheard.length > 0 && unheard.length === members.confirmedCount);
    return { ...members.digest(), unheard: all ? 'all' : unheard };
  }

  /** A partition may heal after everyone was given up on both sides: then only old addresses lead back. */
  #greetOneOfOld(now: Instant): void {
    let chosen: Endpoint | undefined;
    let seen = 0;
    for (const gone of this.#context.members.departedValues()) {
      if (gone.leftAt !== undefined) continue;
      seen++;
      if (randomFraction(this.#context.config.random) * seen < 1) chosen = gone.endpoint;
    }
    if (chosen !== undefined) this.#roster.greet(now, chosen, 'old', now);
  }

  #watchGroup(now: Instant): void {
    const { config, members, events } = this.#context;
    if (!config.multicast || this.#unheardTold || members.confirmedCount === 0) return;
    for (const member of members.values()) {
      if (!member.hearsGroup(now) && !member.isHeardByGroup(now)) continue;
      (this.#unheard = 0);
      return;
    }
    if (++this.#unheard < UNHEARD_HEARTBEATS) return;
    this.#unheardTold = true;
    events.push({ kind: 'warning', warning: { code: 'multicast-unheard' } });
  }
}
