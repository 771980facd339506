import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member, SetDigest } from './member.js';

/** A member that is gone, remembered so that third parties do not bring it back and its late packets are known. */
export interface Departed {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  /** As it was when it went. */
  readonly member: Member;
  readonly at: Instant;
  /** The last sequence it announced when it said goodbye; `undefined` when it fell silent. */
  readonly leftAt: number | undefined;
}

/**
 * For so long others are told of one that is gone: well before anyone forgets it, as whoever had done so would take it for
 * one that it never met.
 */
export const GONE_TOLD_MS = 18 * 3_600_000;

/** A host with more interfaces than this is greeted at some of its addresses again and again. */
const ALIAS_LIMIT = 8;

/** The verified members, by id and by address: one node lives at an address, and one address is kept of a node. */
export class MemberTable {
  readonly #byId = new Map<NodeId, Member>();
  readonly #byEndpoint = new Map<Endpoint, Member>();
  readonly #departed = new Map<NodeId, Departed>();
  /** Where those lived that fell silent, and since when; the longest silent first. */
  readonly #lost = new Map<Endpoint, Instant>();
  readonly #departedLimit: number;
  #high: number;
  #low: number;
  #confirmed = 0;

  constructor(self: NodeId, departedLimit: number) {
    this.#departedLimit = departedLimit;
    [this.#high, this.#low] = hashParts(self);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Those that have confirmed; the digest speaks of them. */
  get confirmedCount(): number {
    return this.#confirmed;
  }

  get(id: NodeId): Member | undefined {
    return this.#byId.get(id);
  }

  at(endpoint: Endpoint): Member | undefined {
    return this.#byEndpoint.get(endpoint);
  }

  values(): IterableIterator<Member> {
    return this.#byId.values();
  }

  departed(id: NodeId): Departed | undefined {
    return this.#departed.get(id);
  }

  /** In the order in which they went. */
  departedValues(): IterableIterator<Departed> {
    return this.#departed.values();
  }

  /** A member that said goodbye since then, and may still repeat what it has said. */
  lingering(id: NodeId, since: Instant): Member | undefined {
    const gone = this.#departed.get(id);
    return gone?.leftAt !== undefined && gone.at >= since ? gone.member : undefined;
  }

  /** Addresses of members that fell silent, and at which nobody has been met since. */
  lostEndpoints(): IterableIterator<Endpoint> {
    return this.#lost.keys();
  }

  /** Count of the confirmed members, and the exclusive or of the first six bytes of their ids and of this node's. */
  digest(): SetDigest {
    return { count: this.#confirmed, hash: this.#high * 0x1_0000_0000 + (this.#low >>> 0) };
  }

  add(member: Member): void {
    this.#byId.set(member.id, member);
    this.#byEndpoint.set(member.endpoint, member);
    this.#lost.delete(member.endpoint);
    this.#lost.delete(this.#departed.get(member.id)?.endpoint ?? member.endpoint);
    this.#departed.delete(member.id);
  }

  confirm(member: Member): void {
    if (member.confirmed) return;
    member.confirmed = true;
    this.#confirmed++;
    this.#toggle(member.id);
  }

  /** The member is reached at `endpoint` from now on. What it had before it may still have, beside this. */
  move(member: Member, endpoint: Endpoint): void {
    const before = member.endpoint;
    if (before === endpoint) return;
    member.endpoint = endpoint;
    member.aliases = member.aliases.filter((alias) => alias !== endpoint);
    this.#byEndpoint.set(endpoint, member);
    this.#lost.delete(endpoint);
    this.alias(member, before);
  }

  /** Notes a further address of a member, so that nobody is looked for there. The oldest makes room. */
  alias(member: Member, endpoint: Endpoint): void {
    if (member.endpoint === endpoint || member.aliases.includes(endpoint)) return;
    const kept = member.aliases.slice(-(ALIAS_LIMIT - 1));
    for (const dropped of member.aliases.slice(0, -(ALIAS_LIMIT - 1))) this.#forgetAddress(member, dropped);
    member.aliases = [...kept, endpoint];
    this.#byEndpoint.set(endpoint, member);
    this.#lost.delete(endpoint);
  }

  /** Returns who is forgotten for it, if it makes too many to remember. */
  remove(member: Member, now: Instant, leftAt: number | undefined): NodeId | undefined {
    this.#byId.delete(member.id);
    this.#forgetAddress(member, member.endpoint);
    for (const alias of member.aliases) this.#forgetAddress(member, alias);
    if (member.confirmed) {
      this.#confirmed--;
      this.#toggle(member.id);
    }
    if (leftAt === undefined) this.#noteLost(member.endpoint, now);
    this.#departed.set(member.id, { id: member.id, endpoint: member.endpoint, member, at: now, leftAt });
    return this.#departed.size > this.#departedLimit ? this.#takeDeparted() : undefined;
  }

  /** Forgets who has been gone since before `before`, and tells of each. */
  forgetDeparted(before: Instant, forgotten: (id: NodeId) => void): void {
    for (const [id, gone] of this.#departed) {
      if (gone.at >= before) return;
      this.#departed.delete(id);
      forgotten(id);
    }
  }

  /** Forgets where those lived that fell silent before `before`. */
  forgetLost(before: Instant): void {
    for (const [endpoint, at] of this.#lost) {
      if (at >= before) return;
      this.#lost.delete(endpoint);
    }
  }

  /** Who said goodbye does not come back, and is not asked about. */
  #takeDeparted(): NodeId | undefined {
    for (const [id, { leftAt }] of this.#departed) {
      if (leftAt === undefined) continue;
      this.#departed.delete(id);
      return id;
    }
    return takeOldest(this.#departed);
  }

  #forgetAddress(member: Member, endpoint: Endpoint): void {
    if (this.#byEndpoint.get(endpoint) === member) this.#byEndpoint.delete(endpoint);
  }

  #noteLost(endpoint: Endpoint, now: Instant): void {
    this.#lost.delete(endpoint);
    this.#lost.set(endpoint, now);
    if (this.#lost.size > this.#departedLimit) takeOldest(this.#lost);
  }

  #toggle(id: NodeId): void {
    const [high, low] = hashParts(id);
    this.#high ^= high;
    this.#low ^= low;
  }
}

function takeOldest<K>(map: Map<K, unknown>): K | undefined {
  for (const key of map.keys()) {
    map.delete(key);
    return key;
  }
  return undefined;
}

/** The first six bytes of the id: they are random already, so no further hashing makes them more so. */
function hashParts(id: NodeId): [number, number] {
  const high = (id.charCodeAt(0) << 8) | id.charCodeAt(1);
  const low = (id.charCodeAt(2) << 24) | (id.charCodeAt(3) << 16) | (id.charCodeAt(4) << 8) | id.charCodeAt(5);
  return [high, low];
}
