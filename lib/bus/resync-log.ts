import type { PeerView } from '../membership/peer-view.js';
import type { Endpoint } from '../primitives/endpoint.js';
import type { NodeId } from '../primitives/node-id.js';
import type { MeshResyncReason, ResyncCause } from './mesh-resync.js';
import { formatNodeId } from './node-uuid.js';

/** At most one line in this time: who can not keep up falls behind again and again. */
const REPORT_INTERVAL_MS = 60_000;
/** Peers whose address is remembered when they are gone: a death may bring a resync that should name it. */
const GONE_KEPT = 64;

/** What an operator should look into: nothing is wrong where peers come back, or have much to say. */
const WORDS: Readonly<Partial<Record<MeshResyncReason, string>>> = {
  gap: 'datagrams were lost, and nobody could repeat them',
  overrun: 'this node fell further behind than can be repeated',
  'peer-lost': 'it died, and nobody can tell all that it said',
};

interface ResyncLogParts {
  readonly cluster: string;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
  readonly peers: () => readonly PeerView[];
  readonly warn: (message: string) => void;
}

/** Warns of what cost everybody's entries: a resync of all keys because something was lost. */
export class ResyncLog {
  readonly #parts: ResyncLogParts;
  readonly #gone = new Map<NodeId, Endpoint>();
  #quietUntil = Number.NEGATIVE_INFINITY;
  #unreported = 0;

  constructor(parts: ResyncLogParts) {
    this.#parts = parts;
  }

  notePeer({ id, endpoint, state }: PeerView): void {
    if (state !== 'dead') return;
    this.#gone.set(id, endpoint);
    if (this.#gone.size <= GONE_KEPT) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      return;
    }
  }

  note({ reason, origin, buckets }: ResyncCause): void {
    const words = WORDS[reason];
    if (words === undefined || buckets !== 'all') return;
    this.#unreported++;
    const now = this.#parts.now();
    if (now < this.#quietUntil) return;
    const more = this.#unreported === 1 ? '' : `; ${this.#unreported - 1} more since this was last said`;
    this.#parts.warn(
      `mesh "${this.#parts.cluster}": a resync "${reason}" of ${this.#nameOf(origin)} covers all keys: ${words}${more}`,
    );
    this.#unreported = 0;
    this.#quietUntil = now + REPORT_INTERVAL_MS;
  }

  #nameOf(origin: NodeId | undefined): string {
    if (origin === undefined) return 'all peers';
    const peer = this.#parts.peers().find(({ id }) => id === origin);
    return peer?.endpoint ?? this.#gone.get(origin) ?? formatNodeId(origin);
  }
}
