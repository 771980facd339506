import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { TokenBucket, type TokenBucketTerms } from '../primitives/token-bucket.js';
import { RecentMap } from '../primitives/recent-map.js';

/** Of one claimed sender at one source: a rotation or a stray datagram may fail, and be right a second later. */
const PAIR_TERMS = { perMs: 10 / 10_000, burst: 10 } as const;
/** Of one source, whoever it claims to be. */
const SOURCE_TERMS = { perMs: 0.5, burst: 500 } as const;
/** Of all sources: at some 15 µs a failure, a thirtieth of a core. */
const TOTAL_TERMS = { perMs: 2, burst: 2000 } as const;
/** Entries of each table: what is forgotten has its full budget again, and the next wider bound still holds. */
const MOST_ENTRIES = 4096;

/**
 * Bounds what it costs to refuse what claims to be from senders that are not known. It is counted by claimed sender and
 * source, so that who pretends to be somebody mutes himself and not the other; only failures are counted.
 */
export class OpeningBudget {
  readonly #pairs = new RecentMap<string, TokenBucket>(MOST_ENTRIES);
  readonly #sources = new RecentMap<string, TokenBucket>(MOST_ENTRIES);
  #total: TokenBucket | undefined;
  /** The pair that was asked for last, of which a failure is told next: V8 knows where to look for the same text. */
  #source = '';
  #sender = '';
  #pair = '';

  /** Claimed senders and sources of which a failure is remembered. */
  get size(): number {
    return this.#pairs.size + this.#sources.size;
  }

  /** Whether an attempt may be made. `source` is the address that it came from, without the port, which costs nothing. */
  mayTry(now: Instant, source: string, sender: NodeId): boolean {
    return (
      isLeft(now, this.#total) &&
      isLeft(now, this.#sources.get(source)) &&
      isLeft(now, this.#pairs.get(this.#pairOf(source, sender)))
    );
  }

  /** The attempt that was made was in vain. */
  failed(now: Instant, source: string, sender: NodeId): void {
    this.#total ??= new TokenBucket(now, TOTAL_TERMS);
    this.#total.take(now, 1);
    spend(now, this.#sources, source, SOURCE_TERMS);
    spend(now, this.#pairs, this.#pairOf(source, sender), PAIR_TERMS);
  }

  /** Ids have one length, so no two pairs make one text. */
  #pairOf(source: string, sender: NodeId): string {
    if (source !== this.#source || sender !== this.#sender) {
      this.#source = source;
      this.#sender = sender;
      this.#pair = sender + source;
    }
    return this.#pair;
  }
}

function isLeft(now: Instant, bucket: TokenBucket | undefined): boolean {
  return bucket === undefined || bucket.holds(now, 1);
}

function spend(now: Instant, table: RecentMap<string, TokenBucket>, key: string, terms: TokenBucketTerms): void {
  const bucket = table.get(key) ?? new TokenBucket(now, terms);
  bucket.take(now, 1);
  table.set(key, bucket);
}
