import { BUCKET_COUNT, BucketSet } from '../primitives/bucket-set.js';

/** By which datagram each bucket was last published to: what is left to say of datagrams that can not be repeated. */
export class BucketHistory {
  readonly #last = new Float64Array(BUCKET_COUNT);
  #lastOfAll = 0;

  noteBucket(bucket: number, sequence: number): void {
    this.#last[bucket] = sequence;
  }

  noteBuckets(buckets: BucketSet | 'all', sequence: number): void {
    if (buckets === 'all') this.#lastOfAll = sequence;
    else for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) if (buckets.has(bucket)) this.#last[bucket] = sequence;
  }

  /** The buckets of all that was published by the datagrams from `from` on. */
  since(from: number): BucketSet | 'all' {
    if (this.#lastOfAll >= from) return 'all';
    const buckets = new BucketSet();
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      if ((this.#last[bucket] ?? 0) >= from) buckets.add(bucket);
    }
    return buckets;
  }
}
