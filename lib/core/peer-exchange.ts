import { isLoopback, isUnicast } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import { DEAD_HEARTBEATS } from '../membership/failure-judgement.js';
import type { Member } from '../membership/member.js';
import { MAX_PEER_ENTRIES } from '../wire/peers-codec.js';
import type { PeerEntry, PeersPacket } from '../wire/packet.js';
import type { NodeContext } from './node-context.js';
import type { Roster } from './roster.js';

/** Between two questions pass at least this, and more with more members: an answer is as long as the mesh is large. */
const ASK_SPACING_MS = 50;
const ASK_SPACING_PER_MEMBER_MS = 2;
/** A question that brought nothing new doubles that, up to a heartbeat: two nodes may differ for as long as a cut lasts. */
const FRUITLESS_FACTOR = 2;
/** A member gets the list at most this often. */
const ANSWER_SPACING_MS = 25;
/** An answer that has not come by then is not waited for. */
const ANSWER_TIMEOUT_MS = 200;
/** Those told of in one answer are greeted this far apart, so that a large mesh is not met in one burst. */
const GREETING_SPACING_MS = 0.05;

/**
 * Spreads membership. Everyone says how many it knows and a hash of who; whoever sees another set than its own asks for
 * the list, and greets those it did not know. So a node that knows one other comes to know all.
 */
export class PeerExchange {
  readonly #context: NodeContext;
  readonly #roster: Roster;
  #askWhom: Member | undefined;
  #askAt: Instant = NEVER;
  #nextAskAt: Instant = -NEVER;
  /** Who was asked and has not answered, and until when that is waited for. */
  readonly #asked = new Set<Member>();
  #answersDueBy: Instant = -NEVER;
  /** How many questions in a row have brought nothing new. */
  #fruitless = 0;

  constructor(context: NodeContext, roster: Roster) {
    this.#context = context;
    this.#roster = roster;
  }

  /** Whether somebody is about to be asked, or has yet to answer. */
  isWaiting(now: Instant): boolean {
    return this.#askAt <= now || (this.#asked.size > 0 && now < this.#answersDueBy);
  }

  deadline(): Instant {
    return this.#askAt;
  }

  /** Asks the member whom it knows, if that is not whom this node knows. */
  compare(now: Instant, member: Member): void {
    if (!member.confirmed || !this.#differs(member)) return;
    this.#askWhom = member;
    this.#askAt = Math.max(now, this.#nextAskAt);
  }

  /**
   * Members are new. A seed is asked at once, as it may be the only one to know of others. One that knows fewer than
   * this node is still meeting others, and is the one to ask.
   */
  compareNewcomers(now: Instant, newcomers: readonly Member[]): void {
    this.#fruitless = 0;
    const { members, seeds } = this.#context;
    const known = members.digest().count - newcomers.length;
    for (const member of newcomers) {
      if (seeds.has(member.endpoint) && this.#differs(member)) this.#ask(now, member);
      else if ((member.digest?.count ?? 0) >= known) this.compare(now, member);
    }
  }

  handleTimeout(now: Instant): void {
    if (now < this.#askAt) return;
    this.#askAt = NEVER;
    const member = this.#askWhom;
    this.#askWhom = undefined;
    if (member === undefined || this.#context.members.get(member.id) !== member || !this.#differs(member)) return;
    this.#ask(now, member);
  }

  handlePeers(now: Instant, member: Member, packet: PeersPacket): void {
    member.digest = packet.members;
    if (packet.request) this.#answer(now, member);
    else this.#asked.delete(member);
    let greeted = 0;
    for (const entry of packet.entries) {
      if (!this.#isNews(now, entry)) continue;
      this.#roster.greet(now, entry.endpoint, 'told', now + greeted * GREETING_SPACING_MS);
      greeted++;
    }
  }

  #ask(now: Instant, member: Member): void {
    if (now >= this.#answersDueBy) this.#asked.clear();
    this.#asked.add(member);
    this.#answersDueBy = now + ANSWER_TIMEOUT_MS;
    this.#nextAskAt = now + this.#askSpacing();
    this.#fruitless++;
    this.#context.outbox.toOne(this.#packet(member, true, []), member.endpoint);
  }

  #isNews(now: Instant, entry: PeerEntry): boolean {
    const { members, config } = this.#context;
    if (entry.id === config.id || !isUnicast(entry.endpoint) || members.get(entry.id) !== undefined) return false;
    const departed = members.departed(entry.id);
    if (departed === undefined) return true;
    // Who said goodbye does not come back by that name. Whoever was given up here, and is known to others when they
    // have had the time to give it up too, lives beyond a cut that may have healed.
    return departed.leftAt === undefined && now - departed.at >= DEAD_HEARTBEATS * config.heartbeatMs;
  }

  #askSpacing(): number {
    const { members, config } = this.#context;
    const spacing = ASK_SPACING_MS + ASK_SPACING_PER_MEMBER_MS * members.size;
    return Math.min(spacing * FRUITLESS_FACTOR ** this.#fruitless, config.heartbeatMs);
  }

  #answer(now: Instant, member: Member): void {
    if (now < member.nextPeersAnswerAt) return;
    member.nextPeersAnswerAt = now + ANSWER_SPACING_MS;
    const entries: PeerEntry[] = [];
    for (const other of this.#context.members.values()) {
      const entry = other === member || !other.confirmed ? undefined : entryFor(member, other);
      if (entry !== undefined) entries.push(entry);
    }
    for (let from = 0; from === 0 || from < entries.length; from += MAX_PEER_ENTRIES) {
      const page = entries.slice(from, from + MAX_PEER_ENTRIES);
      this.#context.outbox.toOne(this.#packet(member, false, page), member.endpoint);
    }
  }

  #differs(member: Member): boolean {
    const own = this.#context.members.digest();
    const theirs = member.digest;
    return theirs !== undefined && (theirs.hash !== own.hash || theirs.count !== own.count);
  }

  #packet(member: Member, request: boolean, entries: readonly PeerEntry[]): PeersPacket {
    return {
      kind: 'peers',
      ...this.#context.frameTo(member),
      request,
      members: this.#context.members.digest(),
      entries,
    };
  }
}

/** Where `to` may find `member`: not at a loopback address, unless that is where it lives itself. */
function entryFor(to: Member, member: Member): PeerEntry | undefined {
  const local = isLoopback(to.endpoint);
  const candidates = local ? [member.endpoint, member.advertised] : [member.advertised, member.endpoint];
  const endpoint = candidates.find((one) => isUnicast(one) && (local || !isLoopback(one)));
  return endpoint === undefined ? undefined : { id: member.id, endpoint, client: member.client, highest: 0 };
}
