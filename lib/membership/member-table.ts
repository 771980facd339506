import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { Member, SetDigest } from './member.js';

/** A member that is gone, remembered so that third parties do not bring it back and its late packets are known. */
export interface Departed {
  readonly id: NodeId;
  readonly endpoint: Endpoint;
  readonly at: Instant;
  /** The last sequence it announced when it said goodbye; `undefined` when it fell silent. */
  readonly leftAt: number | undefined;
}

/** A host with more interfaces than this is greeted at some of its addresses again and again. */
const ALIAS_LIMIT = 8;

/** The verified members, by id and by address: one node lives at an address, and one address is kept of a node. */
export class MemberTable {
  readonly #byId = new Map<NodeId, Member>();
  readonly #byEndpoint = new Map<Endpoint, Member>();
  readonly #departed = new Map<NodeId, Departed>();
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

  departedValues(): IterableIterator<Departed> {
    return this.#departed.values();
  }

  /** Count of the confirmed members, and the exclusive or of the first six bytes of their ids and of this node's. */
  digest(): SetDigest {
    return { count: this.#confirmed, hash: this.#high * 0x1_0000_0000 + (this.#low >>> 0) };
  }

  add(member: Member): void {
    this.#byId.set(member.id, member);
    this.#byEndpoint.set(member.endpoint, member);
    this.#departed.delete(member.id);
  }

  confirm(member: Member): void {
    if (member.confirmed) return;
    member.confirmed = true;
    this.#confirmed++;
    this.#toggle(member.id);
  }

  move(member: Member, endpoint: Endpoint): void {
    if (this.#byEndpoint.get(member.endpoint) === member) this.#byEndpoint.delete(member.endpoint);
    member.endpoint = endpoint;
    this.#byEndpoint.set(endpoint, member);
  }

  /** Notes a further address of a member, so that nobody is looked for there. */
  alias(member: Member, endpoint: Endpoint): void {
    if (this.#byEndpoint.get(endpoint) === member || member.aliases.length >= ALIAS_LIMIT) return;
    member.aliases = [...member.aliases, endpoint];
    this.#byEndpoint.set(endpoint, member);
  }

  remove(member: Member, now: Instant, leftAt: number | undefined): void {
    this.#byId.delete(member.id);
    for (const endpoint of [member.endpoint, ...member.aliases]) {
      if (this.#byEndpoint.get(endpoint) === member) this.#byEndpoint.delete(endpoint);
    }
    if (member.confirmed) {
      this.#confirmed--;
      this.#toggle(member.id);
    }
    this.#departed.delete(member.id);
    this.#departed.set(member.id, { id: member.id, endpoint: member.endpoint, at: now, leftAt });
    if (this.#departed.size <= this.#departedLimit) return;
    const oldest = this.#departed.keys().next();
    if (oldest.done !== true) this.#departed.delete(oldest.value);
  }

  /** Forgets who has been gone since before `before`, and tells of each. */
  forgetDeparted(before: Instant, forgotten: (id: NodeId) => void): void {
    for (const [id, gone] of this.#departed) {
      if (gone.at >= before) return;
      this.#departed.delete(id);
      forgotten(id);
    }
  }

  #toggle(id: NodeId): void {
    const [high, low] = hashParts(id);
    this.#high ^= high;
    this.#low ^= low;
  }
}

/** The first six bytes of the id: they are random already, so no further hashing makes them more so. */
function hashParts(id: NodeId): [number, number] {
  const high = (id.charCodeAt(0) << 8) | id.charCodeAt(1);
  const low = (id.charCodeAt(2) << 24) | (id.charCodeAt(3) << 16) | (id.charCodeAt(4) << 8) | id.charCodeAt(5);
  return [high, low];
}
