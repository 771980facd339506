import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { randomBelow, randomFraction } from '../primitives/random.js';
import type { Member } from '../membership/member.js';
import type { HeartbeatPacket } from '../wire/packet.js';
import type { Arrival } from './arrival.js';
import type { NodeContext } from './node-context.js';
import type { PeerExchange } from './peer-exchange.js';
import type { Reach } from './reach.js';
import type { Roster } from './roster.js';

/** Heartbeats come this much early at random, so that nodes that started together drift apart. */
const JITTER = 0.1;
/** An early heartbeat tells the group of a new member; with many members it waits, so that a rush of them makes one. */
const EARLY_SPACING_MS = 20;
const EARLY_SPACING_PER_MEMBER_MS = 2;

interface Parts {
  readonly roster: Roster;
  readonly exchange: PeerExchange;
  readonly reach: Reach;
}

/**
 * Keep-alive. A heartbeat goes to the group once, and by itself to those only who have not lately confirmed that they
 * hear the group. With it goes whatever is to be tried again and again.
 */
export class Pulse {
  readonly #context: NodeContext;
  readonly #parts: Parts;
  #nextAt: Instant = NEVER;
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
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#lastAt = now;
    this.#nextAt = now + this.#context.config.heartbeatMs * (1 - JITTER * randomFraction(this.#context.config.random));
    this.#send(now);
    this.#parts.roster.greetSeeds(now);
    this.#parts.roster.greetUnconfirmed(now);
    this.#greetOneLost(now);
    this.#parts.reach.watchGroup(now);
  }

  /** A member is new: others should learn of it, and it of the group, before the next heartbeat is due. */
  quicken(now: Instant): void {
    const { config, members } = this.#context;
    const spacing = Math.min(EARLY_SPACING_MS + EARLY_SPACING_PER_MEMBER_MS * members.size, config.heartbeatMs);
    this.#nextAt = Math.min(this.#nextAt, Math.max(now, this.#lastAt + spacing));
  }

  handleHeartbeat(now: Instant, arrival: Arrival, member: Member, packet: HeartbeatPacket): void {
    this.#parts.roster.heard(now, member);
    if (arrival.viaGroup) this.#parts.reach.heardByGroup(now, member);
    if (packet.members === undefined) return;
    member.digest = packet.members;
    this.#parts.reach.noteStatement(now, member, packet.members);
    this.#parts.exchange.compare(now, member);
  }

  #send(now: Instant): void {
    const { config, highest, advertised, clusterTag, outbox, members } = this.#context;
    const packet: HeartbeatPacket = {
      kind: 'heartbeat',
      sender: config.id,
      address: advertised,
      trailer: { sequence: highest, floor: highest + 1, sentAtMs: 0, clusterTag },
      members: { ...members.digest(), unheard: this.#parts.reach.unheard(now) },
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

  /** A partition may heal after everyone was given up on both sides: then only old addresses lead back. */
  #greetOneLost(now: Instant): void {
    const lost = [...this.#context.members.lostEndpoints()];
    const chosen = lost[randomBelow(this.#context.config.random, lost.length)];
    if (chosen !== undefined) this.#parts.roster.greet(now, chosen, 'old', now);
  }
}
