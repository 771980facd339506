import { Injectable } from '@nestjs/common';
import { MeshBus, type MeshResync } from 'nestjs-mesh';
import type { Product } from './product.js';

export interface CachedRead {
  readonly product: Product;
  readonly from: 'cache' | 'store';
  /** Since when this instance has had this copy, in milliseconds. */
  readonly ageMs: number;
}

export interface Eviction {
  readonly key: string;
  /** Whether there was an entry to evict. */
  readonly held: boolean;
  /** Nanoseconds on the clock that all processes of one machine share. */
  readonly at: string;
  /** Node id of the instance that wrote. */
  readonly origin: string;
}

/** Word that writes may have been missed, and what went for it. */
export interface ResyncReport extends Pick<MeshResync, 'reason' | 'all'> {
  readonly evicted: number;
  /** As {@link Eviction.at}. */
  readonly at: string;
}

interface Entry {
  readonly product: Product;
  readonly filledAt: number;
}

/** The mesh makes entries go early. This bounds how long one stays if word of a write is lost. */
const TIME_TO_LIVE_MS = 60_000;
const REPORTS_KEPT = 20;

/** The copies of one instance, in its memory. */
@Injectable()
export class ProductsCache {
  readonly #entries = new Map<string, Entry>();
  readonly #evictions: Eviction[] = [];
  readonly #resyncs: ResyncReport[] = [];

  constructor(private readonly bus: MeshBus) {}

  async read(key: string, load: () => Promise<Product>): Promise<CachedRead> {
    const entry = this.#entries.get(key);
    const ageMs = performance.now() - (entry?.filledAt ?? 0);
    if (entry !== undefined && ageMs < TIME_TO_LIVE_MS) return { product: entry.product, from: 'cache', ageMs };
    const fence = this.bus.fence(key);
    const product = await load();
    // What was loaded while somebody wrote may be the old value, and its eviction has been already.
    if (fence.isCurrent()) this.#entries.set(key, { product, filledAt: performance.now() });
    return { product, from: 'store', ageMs: 0 };
  }

  evict(key: string, origin: string): Eviction {
    const held = this.#entries.delete(key);
    const eviction: Eviction = { key, held, at: now(), origin };
    keep(this.#evictions, eviction);
    return eviction;
  }

  /** Lets go of everything that the resync covers. */
  evictWhatMatches(resync: MeshResync): ResyncReport {
    const keys = this.keys().filter((key) => resync.matches(key));
    for (const key of keys) this.#entries.delete(key);
    const report: ResyncReport = { reason: resync.reason, all: resync.all, evicted: keys.length, at: now() };
    keep(this.#resyncs, report);
    return report;
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The latest ones, oldest first. */
  evictions(): readonly Eviction[] {
    return this.#evictions;
  }

  /** The latest ones, oldest first. */
  resyncs(): readonly ResyncReport[] {
    return this.#resyncs;
  }
}

function now(): string {
  return String(process.hrtime.bigint());
}

function keep<T>(reports: T[], report: T): void {
  reports.push(report);
  if (reports.length > REPORTS_KEPT) reports.shift();
}
