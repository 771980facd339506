import type { BucketSet } from '../primitives/bucket-set.js';
import { type Instant, NEVER } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { Assembly, type AssemblyTerms } from './assembly.js';

/** What has not moved for so long never will: a gap is repaired, or made up for by a resync, within 5 s. */
const PATIENCE_MS = 10_000;
/** What one origin may have under way: more than fits into a receive window of 1024 full datagrams. */
export const ORIGIN_BYTES = 2 * 1024 * 1024;
/** And all of them together. */
export const ALL_BYTES = 16 * 1024 * 1024;

/** Why an event will not be put together. */
export type AssemblyFailure = 'assembly-limit' | 'assembly-timeout' | 'assembly-conflict' | 'assembly-join';

interface OfOrigin {
  /** By the sequence that ends each, those that began first at the front. */
  readonly assemblies: Map<number, Assembly>;
  bytes: number;
}

/**
 * Events and questions of which not all datagrams have come. Bounded for each origin, for all of them and in time: who
 * begins many and ends none loses his own. What is dropped is told to `onDrop`, which sees to it that it is not missed
 * in silence.
 */
export class AssemblyTable {
  readonly #onDrop: (assembly: Assembly, why: AssemblyFailure) => void;
  readonly #byOrigin = new Map<NodeId, OfOrigin>();
  #bytes = 0;
  #nextAt: Instant = NEVER;

  constructor(onDrop: (assembly: Assembly, why: AssemblyFailure) => void) {
    this.#onDrop = onDrop;
  }

  /** What all of them take. */
  get bytes(): number {
    return this.#bytes;
  }

  deadline(): Instant {
    return this.#nextAt;
  }

  /** The one that a datagram belongs to, begun if there is none; `undefined` if what is said of it is contradictory. */
  touch(now: Instant, terms: AssemblyTerms): Assembly | undefined {
    const known = this.#byOrigin.get(terms.origin)?.assemblies.get(terms.end);
    if (known === undefined) return this.#begin(now, terms);
    if (!known.agrees(terms)) {
      this.drop(known, 'assembly-conflict');
      return undefined;
    }
    known.touchedAt = now;
    return known;
  }

  /** It is whole. */
  remove(assembly: Assembly): void {
    const of = this.#byOrigin.get(assembly.origin);
    if (of?.assemblies.delete(assembly.end) !== true) return;
    of.bytes -= assembly.bytes;
    this.#bytes -= assembly.bytes;
    if (of.assemblies.size > 0) return;
    this.#byOrigin.delete(assembly.origin);
    if (this.#byOrigin.size === 0) this.#nextAt = NEVER;
  }

  /** It will not become whole. */
  drop(assembly: Assembly, why: AssemblyFailure): void {
    this.remove(assembly);
    this.#onDrop(assembly, why);
  }

  /** A resync was raised for these. Whatever is under way was published before it. */
  cover(buckets: BucketSet | 'all'): void {
    for (const assembly of this.#all()) {
      if (buckets === 'all' || (assembly.bucket !== undefined && buckets.has(assembly.bucket))) {
        assembly.isCovered = true;
      }
    }
  }

  handleTimeout(now: Instant): void {
    if (now < this.#nextAt) return;
    this.#nextAt = NEVER;
    for (const assembly of [...this.#all()]) {
      const at = assembly.touchedAt + PATIENCE_MS;
      if (now >= at) this.drop(assembly, 'assembly-timeout');
      else this.#nextAt = Math.min(this.#nextAt, at);
    }
  }

  /** This process stood still: that time does not count. */
  forgive(lateness: number): void {
    for (const assembly of this.#all()) assembly.touchedAt += lateness;
  }

  #begin(now: Instant, terms: AssemblyTerms): Assembly {
    const assembly = new Assembly(now, terms);
    const of = this.#byOrigin.get(terms.origin) ?? { assemblies: new Map<number, Assembly>(), bytes: 0 };
    while (of.bytes > 0 && of.bytes + assembly.bytes > ORIGIN_BYTES) this.#dropOldest(of);
    while (this.#bytes + assembly.bytes > ALL_BYTES) this.#dropOldest(this.#largest());
    // It is new, or may have been emptied just now.
    this.#byOrigin.set(terms.origin, of);
    of.assemblies.set(terms.end, assembly);
    of.bytes += assembly.bytes;
    this.#bytes += assembly.bytes;
    this.#nextAt = Math.min(this.#nextAt, now + PATIENCE_MS);
    return assembly;
  }

  #dropOldest({ assemblies }: OfOrigin): void {
    for (const oldest of assemblies.values()) return this.drop(oldest, 'assembly-limit');
  }

  /** Who takes most. It is looked for only when all together take too much. */
  #largest(): OfOrigin {
    let largest: OfOrigin = { assemblies: new Map(), bytes: 0 };
    for (const of of this.#byOrigin.values()) if (of.bytes > largest.bytes) largest = of;
    return largest;
  }

  *#all(): Iterable<Assembly> {
    for (const { assemblies } of this.#byOrigin.values()) yield* assemblies.values();
  }
}
