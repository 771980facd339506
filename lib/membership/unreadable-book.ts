import type { Endpoint } from '../primitives/endpoint.js';
import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';

/**
 * Why a node of this mesh can not be read.
 *
 * - `other-secret`: what it seals does not open with any secret of this node
 * - `plain`: it does not seal, and this node takes nothing else
 * - `sealed`: it seals, and this node has no secret
 */
export type UnreadableReason = 'other-secret' | 'plain' | 'sealed';

/** An address from which something comes that this node can not read. */
export interface UnreadableSource {
  readonly endpoint: Endpoint;
  readonly id: NodeId;
  readonly reason: UnreadableReason;
  readonly lastHeardAt: Instant;
}

interface Entry {
  endpoint: Endpoint;
  id: NodeId;
  reason: UnreadableReason;
  lastHeardAt: Instant;
  times: number;
}

/** Anyone can send something unreadable: enough for a rack of machines that were given the wrong secret. */
const LIMIT = 64;
/** One datagram may have been damaged on its way. */
const ENOUGH_TIMES = 3;
/** Who has been silent for so many heartbeats may have gone. */
const KEPT_HEARTBEATS = 3;

/** Who seems to belong to the mesh and can not be understood. Nothing follows from it but that people are told. */
export class UnreadableBook {
  readonly #keptMs: number;
  readonly #entries = new Map<Endpoint, Entry>();
  readonly #told = new Set<UnreadableReason>();

  constructor(heartbeatMs: number) {
    this.#keptMs = KEPT_HEARTBEATS * heartbeatMs;
  }

  /** Whether people are to be told: of each reason once. */
  note(now: Instant, endpoint: Endpoint, id: NodeId, reason: UnreadableReason): boolean {
    const known = this.#entries.get(endpoint);
    const goesOn = known?.id === id && known.reason === reason && this.#isFresh(now, known);
    const times = goesOn ? known.times + 1 : 1;
    // Those heard last stand last.
    this.#entries.delete(endpoint);
    this.#entries.set(endpoint, { endpoint, id, reason, lastHeardAt: now, times });
    if (this.#entries.size > LIMIT) this.#forgetOldest();
    if (times < ENOUGH_TIMES || this.#told.has(reason)) return false;
    this.#told.add(reason);
    return true;
  }

  /** Something from there was read. */
  clear(endpoint: Endpoint): void {
    this.#entries.delete(endpoint);
  }

  /** Whether something of that sender was not read, since the last that was. */
  has(id: NodeId): boolean {
    for (const entry of this.#entries.values()) if (entry.id === id && entry.times >= ENOUGH_TIMES) return true;
    return false;
  }

  list(now: Instant): readonly UnreadableSource[] {
    return [...this.#entries.values()].filter((entry) => entry.times >= ENOUGH_TIMES && this.#isFresh(now, entry));
  }

  #isFresh(now: Instant, entry: Entry): boolean {
    return now - entry.lastHeardAt <= this.#keptMs;
  }

  #forgetOldest(): void {
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
