import { fnv1a32Text } from './fnv1a.js';

/** Every key belongs to one of these: what can not be named key by key is named by bucket, 1/4096 of all keys each. */
export const BUCKET_COUNT = 4096;

export const BUCKET_SET_BYTES = BUCKET_COUNT / 8;

/** The bucket of a published key: FNV-1a of its UTF-8 bytes, the lowest 12 bits. */
export function bucketOf(key: string): number {
  return bucketOfHash(fnv1a32Text(key));
}

/** @param hash FNV-1a of the key's UTF-8 bytes */
export function bucketOfHash(hash: number): number {
  return hash & (BUCKET_COUNT - 1);
}

/** A set of buckets, one bit each: bucket 0 is the lowest bit of the first byte. */
export class BucketSet {
  readonly bytes: Uint8Array;

  /** @param bytes taken over, not copied; none: the empty set */
  constructor(bytes: Uint8Array = new Uint8Array(BUCKET_SET_BYTES)) {
    this.bytes = bytes;
  }

  add(bucket: number): void {
    this.bytes[bucket >>> 3] = (this.bytes[bucket >>> 3] ?? 0) | (1 << (bucket & 7));
  }

  has(bucket: number): boolean {
    return (((this.bytes[bucket >>> 3] ?? 0) >>> (bucket & 7)) & 1) === 1;
  }

  /** Whether the key is in one of the buckets. */
  matches(key: string): boolean {
    return this.has(bucketOf(key));
  }

  addAll(other: BucketSet): void {
    for (let index = 0; index < BUCKET_SET_BYTES; index++) {
      this.bytes[index] = (this.bytes[index] ?? 0) | (other.bytes[index] ?? 0);
    }
  }

  get size(): number {
    let size = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) if (this.has(bucket)) size++;
    return size;
  }
}
