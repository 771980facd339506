import type { Endpoint } from '../primitives/endpoint.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import type { PeerState, PeerView } from './peer-view.js';

/** The original forgets a peer after this long in silence. */
export const LEGACY_TIMEOUT_MS = 60_000;
/** Within this time the copy that came by the other way is the same packet; measured twins arrive within 2 ms. */
const TWIN_MS = 20;
const TWINS_KEPT = 64;

interface Copy {
  readonly hash: number;
  readonly viaGroup: boolean;
  readonly at: Instant;
}

/** A v1 node. It proves nothing, so nothing is sent to it alone unless the user's seeds name its address. */
export class LegacyPeer implements PeerView {
  readonly id: NodeId;
  readonly zone = undefined;
  readonly legacy = true;
  readonly client = false;
  readonly state: PeerState = 'alive';
  endpoint: Endpoint;
  lastHeardAt: Instant;
  readonly #copies: Copy[] = [];

  constructor(id: NodeId, endpoint: Endpoint, now: Instant) {
    this.id = id;
    this.endpoint = endpoint;
    this.lastHeardAt = now;
  }

  /**
   * A v1 node sends each packet to the group and to this node alone. Whether this is the second of such a pair: the same
   * bytes, by the other way, a moment later. Each copy excuses one twin only, so a key announced again is heard again.
   */
  isTwin(now: Instant, viaGroup: boolean, hash: number): boolean {
    while (this.#copies.length > 0 && now - (this.#copies[0]?.at ?? NEVER) > TWIN_MS) this.#copies.shift();
    const index = this.#copies.findIndex((copy) => copy.hash === hash && copy.viaGroup !== viaGroup);
    if (index >= 0) {
      this.#copies.splice(index, 1);
      return true;
    }
    if (this.#copies.length >= TWINS_KEPT) this.#copies.shift();
    this.#copies.push({ hash, viaGroup, at: now });
    return false;
  }
}

/** The v1 nodes heard lately. Anyone can invent them, so there is room for some only; what others say is still heard. */
export class LegacyTable {
  readonly #peers = new Map<NodeId, LegacyPeer>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#peers.size;
  }

  get(id: NodeId): LegacyPeer | undefined {
    return this.#peers.get(id);
  }

  values(): IterableIterator<LegacyPeer> {
    return this.#peers.values();
  }

  /** `undefined` when the table is full. */
  add(id: NodeId, endpoint: Endpoint, now: Instant): LegacyPeer | undefined {
    if (this.#peers.size >= this.#limit) return undefined;
    const peer = new LegacyPeer(id, endpoint, now);
    this.#peers.set(id, peer);
    return peer;
  }

  remove(id: NodeId): void {
    this.#peers.delete(id);
  }

  /** When the next of them may be forgotten, if it stays silent. */
  deadline(): Instant {
    let earliest = NEVER;
    for (const peer of this.#peers.values()) earliest = Math.min(earliest, peer.lastHeardAt + LEGACY_TIMEOUT_MS);
    return earliest;
  }
}
