import type { AssemblyFailure } from '../reliability/assembly-table.js';

/** What a node has done since it was made. */
export interface NodeCounters {
  /** Events taken from the application. */
  published: number;
  /** Of those, the ones that joined an equal bare key which waited already. */
  merged: number;
  /** Of those, the ones that were too many to send, and reached others as a resync of their buckets. */
  coarsened: number;
  /** Events handed to the application, each once. */
  delivered: number;
  /** Datagrams handed out, counted once for the group and once for each address. */
  datagramsSent: number;
  bytesSent: number;
  datagramsReceived: number;
  bytesReceived: number;
  /** Datagrams with events that had been heard before. */
  duplicates: number;
  /** Datagrams that the kernel refused for at least one destination. */
  sendFailures: number;
  joined: number;
  left: number;
  lost: number;
  /** Datagrams of others that were found missing, those that were only overtaken among them. */
  gaps: number;
  /** Datagrams that came late: asked for, repeated before anyone asked, or only overtaken. */
  repaired: number;
  /** Questions for what was missing. */
  nacksSent: number;
  /** Datagrams repeated, own ones and those of others; one to everyone counts once. */
  repairsSent: number;
  resyncsRaised: number;
}

/** Why something that arrived was dropped, beside the reasons of the decoder. */
export type DropReason =
  | 'too-short'
  | 'wrong-magic'
  | 'malformed'
  | 'unsupported-version'
  | 'unknown-type'
  | 'own'
  | 'after-goodbye'
  | 'other-cluster'
  | 'unverified'
  | 'downgrade'
  | 'beyond-window'
  | 'forged-sequence'
  | 'not-missing'
  | 'repair-budget'
  | 'hearsay-budget'
  | 'wrong-nonce'
  | 'peers-limit'
  | 'unverified-limit'
  | 'plain'
  | 'sealed'
  | 'unknown-key'
  | 'forged'
  | 'replayed'
  | 'opening-budget'
  | AssemblyFailure;

export class Counters {
  readonly values: NodeCounters = {
    published: 0,
    merged: 0,
    coarsened: 0,
    delivered: 0,
    datagramsSent: 0,
    bytesSent: 0,
    datagramsReceived: 0,
    bytesReceived: 0,
    duplicates: 0,
    sendFailures: 0,
    joined: 0,
    left: 0,
    lost: 0,
    gaps: 0,
    repaired: 0,
    nacksSent: 0,
    repairsSent: 0,
    resyncsRaised: 0,
  };
  readonly #dropped = new Map<DropReason, number>();

  drop(reason: DropReason): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + 1);
  }

  dropped(): Readonly<Partial<Record<DropReason, number>>> {
    return Object.fromEntries(this.#dropped);
  }
}
